// A controller at work: what changes comes into a queue, workers visit what is in it.
import { isReason } from '#kube/api';
import type { Informers } from '#kube/cache';
import { type KubeObject, keyOf, keyText, type ObjectKey } from '#kube/object';
import type { Resource } from '#kube/resource';
import type { Logger } from '#runtime/log';
import { backOffMs, PASSING, STUCK } from './back-off.ts';
import type { Concern, Controller, World } from './controller.ts';
import { createIdleFields } from './idle-fields.ts';
import { createWorkQueue, type WorkQueue } from './queue.ts';
import { type Next, visitObject, type VisitTools } from './visit-object.ts';

export interface RunOptions {
  readonly world: World;
  readonly informers: Informers;
  readonly log: Logger;
  readonly tell: VisitTools['tell'];
  /** Visits at once. */
  readonly workers: number;
  /** Told of every visit. */
  readonly onVisit?: (kind: string, next: Next['kind'], seconds: number) => void;
}

/** How many of the workers may do what takes long. */
const LONG_SHARE = 2 / 3;

/** The kinds whose changes a controller has to see. */
export function watchedBy({ resource, concerns }: Controller): Resource[] {
  return [resource, ...concerns.map((concern) => concern.resource)];
}

/** Begins once the caches are there. The result ends it: no visit goes on after that. */
export function runController(controller: Controller, options: RunOptions): () => Promise<void> {
  const { informers, world, workers } = options;
  const { resource, concerns, takesLong = () => false } = controller;
  const log = options.log.with({ controller: resource.plural });
  const ended = new AbortController();
  const failures = new Map<string, number>();
  const keys = new Map<string, ObjectKey>();

  const find = (key: string): KubeObject | undefined => {
    const which = keys.get(key);
    return which === undefined ? undefined : informers.get(resource, which);
  };
  const tools: VisitTools = {
    world,
    log,
    signal: ended.signal,
    tell: options.tell,
    idleFields: createIdleFields(),
  };

  async function visit(key: string): Promise<void> {
    const object = find(key);
    if (object === undefined) return forget(key);
    const began = performance.now();
    try {
      const next = await visitObject(controller, object, tools);
      options.onVisit?.(resource.kind, next.kind, (performance.now() - began) / 1000);
      agree(key, next);
    } catch (error) {
      if (ended.signal.aborted) return;
      // Somebody was faster; what they wrote is on its way to the cache.
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) {
        log.error('visit failed', { object: key, error });
      }
      options.onVisit?.(resource.kind, 'failed', (performance.now() - began) / 1000);
      agree(key, { kind: 'failed', passes: true });
    }
  }

  function agree(key: string, next: Next): void {
    const count = next.kind === 'failed' ? (failures.get(key) ?? 0) + 1 : 0;
    if (count === 0) failures.delete(key);
    else failures.set(key, count);
    if (next.kind === 'failed') queue.addAfter(key, backOffMs(count, next.passes ? PASSING : STUCK));
    else if (next.kind === 'later') queue.addAfter(key, next.afterMs);
    else if (next.againMs !== undefined) queue.addAfter(key, next.againMs * (0.9 + 0.2 * Math.random()));
  }

  function forget(key: string): void {
    failures.delete(key);
    keys.delete(key);
    tools.idleFields.forget(key);
  }

  function add(which: ObjectKey): void {
    const key = keyText(which);
    keys.set(key, which);
    queue.add(key);
  }

  const queue: WorkQueue = createWorkQueue({
    clock: world.clock,
    workers,
    longWorkers: Math.max(1, Math.floor(workers * LONG_SHARE)),
    takesLong: (key) => {
      const object = find(key);
      return object !== undefined && takesLong(object);
    },
    visit,
  });
  const stops = [
    informers.onChange(resource, (next, previous) => {
      if (next !== undefined && isOthersChange(next, previous)) add(keyOf(next));
    }),
    ...concerns.map((concern) => follow(concern, informers, add)),
  ];
  for (const object of informers.list(resource)) add(keyOf(object));
  return async () => {
    for (const stop of stops) stop();
    ended.abort();
    await queue.stop();
  };
}

function follow(concern: Concern, informers: Informers, add: (key: ObjectKey) => void): () => void {
  const { resource, whom, matters = isOthersChange } = concern;
  return informers.onChange(resource, (next, previous) => {
    const changed = next ?? previous;
    if (changed === undefined || !matters(next, previous)) return;
    for (const key of whom(changed, informers)) add(key);
  });
}

/** Everything but a status, which is ours. */
function isOthersChange(next: KubeObject | undefined, previous: KubeObject | undefined): boolean {
  return JSON.stringify(withoutStatus(next)) !== JSON.stringify(withoutStatus(previous));
}

function withoutStatus(object: KubeObject | undefined): unknown {
  if (object === undefined) return undefined;
  const { status: _status, metadata, ...rest } = object;
  const { resourceVersion: _version, ...lasting } = metadata;
  return { ...rest, metadata: { ...lasting, managedFields: undefined } };
}
