// What becomes of objects, told as it happens.
import type { KubeApi } from '#kube/api';
import { createInformers } from '#kube/informers';
import { type KubeObject, keyOf, keyText } from '#kube/object';
import type { Resource } from '#kube/resource';
import type { Clock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { VIRTUAL_MACHINES } from '#crd/resources';
import { OUR_KINDS } from './manifests.ts';
import type { Progress } from './progress.ts';
import { type Standing, standingOf } from './standing.ts';

export interface Follower {
  /** Those of ours that there are, VMs of clones included. */
  objects(): readonly KubeObject[];
  vms(): readonly KubeObject[];
  stop(): Promise<void>;
}

/** Begins as soon as it has seen all there is. */
export async function follow(api: KubeApi, progress: Progress, clock: Clock): Promise<Follower> {
  // Whatever keeps us from watching is seen by who asks for what: the manager says it too.
  const log = createLogger({ level: 'error', write: () => undefined });
  const informers = createInformers(api, { clock, log });
  const told = new Map<string, string>();
  for (const resource of OUR_KINDS) informers.watch(resource);
  await informers.synced();
  for (const resource of OUR_KINDS) {
    informers.onChange(resource, (next, previous) => tell(resource, next, previous));
    for (const object of informers.list(resource)) tell(resource, object, undefined);
  }

  function tell(resource: Resource, next: KubeObject | undefined, previous: KubeObject | undefined): void {
    const object = next ?? previous;
    if (object === undefined) return;
    const key = `${resource.kind} ${keyText(keyOf(object))}`;
    const line = next === undefined ? lineOf('-', standingOf(object), 'is gone') : lineFor(next);
    if (line === undefined || told.get(key) === line) return;
    told.set(key, line);
    progress.say(line);
  }

  return {
    objects: () => OUR_KINDS.flatMap((resource) => informers.list(resource)),
    vms: () => informers.list(VIRTUAL_MACHINES),
    stop: async () => await informers.stop(),
  };
}

function lineFor(object: KubeObject): string | undefined {
  const standing = standingOf(object);
  const { isReady, words } = standing;
  return words === undefined ? undefined : lineOf(isReady ? 'ok' : '...', standing, words);
}

/** As long as most titles. */
const TITLE_WIDTH = 38;

function lineOf(mark: string, { title }: Standing, words: string): string {
  return `${mark.padEnd(3)} ${title.padEnd(TITLE_WIDTH)}  ${words}`;
}
