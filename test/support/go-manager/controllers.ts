// The manager's controllers: a queue of objects for each kind.
import type { Clock } from '#runtime/clock';
import type { Connection } from './client.ts';
import type { ManagerRecord } from './record.ts';
import { type NextLook, reconcile, type ReconcileParts } from './reconcile.ts';
import type { Resolver } from './resolver.ts';
import type { Objects } from './virtual-machine.ts';
import { reconcileClone, type VmClones } from './vm-clone.ts';
import type { VmImages } from './vm-image.ts';
import { reconcileSnapshot, type VmSnapshots } from './vm-snapshot.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';

/** VirtualMachines at once. */
const WORKERS = 10;
/** Of the other kinds: one who waits lets everybody wait. */
const ONE_WORKER = 1;

export interface World {
  readonly vms: Objects;
  readonly snapshots: VmSnapshots;
  readonly clones: VmClones;
  readonly images: VmImages;
}

export interface ControllerParts {
  readonly clock: Clock;
  readonly resolver: Resolver;
  readonly record: ManagerRecord;
  /** Nothing is written any more then. */
  readonly isStopped: () => boolean;
  readonly losesWrite: ReconcileParts['losesWrite'];
  /** Whether an API server refuses a write of another object's status, since somebody else has changed the object. */
  readonly conflicts: (kind: 'VMSnapshot' | 'VMClone', name: string, status: { readonly phase: string }) => boolean;
}

export type Queues = Readonly<Record<'vms' | 'snapshots' | 'clones', WorkQueue>>;

/** Begins with all there is. */
export function startControllers({ vms, snapshots, clones, images }: World, parts: ControllerParts): Queues {
  const { clock, resolver, record, isStopped } = parts;
  const vmParts: ReconcileParts = {
    resolver,
    record,
    images,
    importsImages: askedOnce(),
    removeObject: ({ name }) => {
      if (!isStopped()) vms.delete(name);
    },
    losesWrite: (vm, status) => isStopped() || parts.losesWrite(vm, status),
  };
  const vmQueue = queueOf(clock, WORKERS, vms, async (vm) => await reconcile(vmParts, vm));
  const otherParts = {
    resolver,
    vms,
    wakeVm: (name: string): void => vmQueue.add(name),
    removeSnapshot: ({ name }: { readonly name: string }): void => {
      if (!isStopped()) snapshots.delete(name);
    },
    conflicts: (...write: Parameters<ControllerParts['conflicts']>) => isStopped() || parts.conflicts(...write),
  };
  return {
    vms: vmQueue,
    snapshots: queueOf(clock, ONE_WORKER, snapshots, async (one) => await reconcileSnapshot(otherParts, one)),
    clones: queueOf(clock, ONE_WORKER, clones, async (one) => await reconcileClone(otherParts, one)),
  };
}

function queueOf<T>(
  clock: Clock,
  workers: number,
  objects: ReadonlyMap<string, T>,
  work: (object: T) => Promise<NextLook>,
): WorkQueue {
  const queue = createWorkQueue(clock, workers, async (name) => {
    const object = objects.get(name);
    return object === undefined ? undefined : await work(object);
  });
  for (const name of objects.keys()) queue.add(name);
  return queue;
}

/** The capabilities of a Provider, which are read when it has become healthy, and not again where that has failed. */
function askedOnce(): (connection: Connection) => Promise<boolean> {
  let asked: Promise<boolean> | undefined;
  return async (connection) => {
    asked ??= connection
      .call('getCapabilities', 'Provider', async (client, options) => await client.getCapabilities({}, options))
      .then(
        ({ supportsImageImport }) => supportsImageImport,
        () => false,
      );
    return await asked;
  };
}
