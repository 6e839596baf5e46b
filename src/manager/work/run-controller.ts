// A controller at work: what changes comes into a queue, workers visit what is in it.
import { isReason } from '#kube/api';
import type { Informers } from '#kube/cache';
import { type KubeObject, keyFromText, keyOf, keyText, type ObjectKey } from '#kube/object';
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

export interface RunningController {
  /** Resolves when all that was there at the start has been looked at once, whatever came of it. */
  readonly firstRound: Promise<void>;
  /** Resolves when no visit goes on any more. */
  stop(): Promise<void>;
}

/** Begins once the caches are there. */
export function runController(controller: Controller, options: RunOptions): RunningController {
  const { informers, world, workers } = options;
  const { resource, concerns, takesLong = () => false, groupOf = () => '' } = controller;
  const log = options.log.with({ controller: resource.plural });
  const ended = new AbortController();
  /** In a row, since somebody has changed the object. */
  const failures = new Map<string, number>();
  const round = firstRound(informers.list(resource).map((object) => keyText(keyOf(object))));

  const find = (key: string): KubeObject | undefined => informers.get(resource, keyFromText(key));
  const tools: VisitTools = {
    world,
    log,
    signal: ended.signal,
    tell: options.tell,
    idleFields: createIdleFields(),
  };

  async function visit(key: string): Promise<void> {
    const object = find(key);
    if (object !== undefined) await look(key, object);
    round.seen(key);
  }

  async function look(key: string, object: KubeObject): Promise<void> {
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

  function onOwnChange(next: KubeObject | undefined, previous: KubeObject | undefined): void {
    const changed = next ?? previous;
    if (changed === undefined || !isOthersChange(next, previous)) return;
    const key = keyText(keyOf(changed));
    // Who has changed it wants to know at once what comes of it.
    failures.delete(key);
    if (next === undefined) tools.idleFields.forget(key);
    else queue.add(key);
  }

  const queue: WorkQueue = createWorkQueue({
    clock: world.clock,
    workers,
    longWorkers: Math.max(1, Math.floor(workers * LONG_SHARE)),
    takesLong: (key) => {
      const object = find(key);
      return object !== undefined && object.metadata.deletionTimestamp === undefined && takesLong(object);
    },
    groupOf: (key) => {
      const object = find(key);
      return object === undefined ? '' : groupOf(object, informers);
    },
    visit,
  });
  const stops = [
    informers.onChange(resource, onOwnChange),
    ...concerns.map((concern) => follow(concern, informers, (which) => queue.add(keyText(which)))),
  ];
  for (const object of informers.list(resource)) queue.add(keyText(keyOf(object)));
  return {
    firstRound: round.over,
    stop: async () => {
      for (const stop of stops) stop();
      ended.abort();
      await queue.stop();
    },
  };
}

function firstRound(keys: readonly string[]): { seen(key: string): void; readonly over: Promise<void> } {
  const left = new Set(keys);
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen = (key: string): void => {
    left.delete(key);
    if (left.size === 0) resolve();
  };
  if (left.size === 0) resolve();
  return { seen, over: promise };
}

function follow(concern: Concern, informers: Informers, add: (key: ObjectKey) => void): () => void {
  const { resource, whom, matters = isOthersChange } = concern;
  return informers.onChange(resource, (next, previous) => {
    if (!matters(next, previous)) return;
    for (const changed of [next, previous])
      if (changed !== undefined) for (const key of whom(changed, informers)) add(key);
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
