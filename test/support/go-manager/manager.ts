// VirtRigaud's manager, as far as a provider can tell: a model of what it does to VMs, for tests to judge a provider by.
import type { Clock } from '#runtime/clock';
import { type Adoption, adoptVms } from './adoption.ts';
import { createBreaker } from './breaker.ts';
import type { Connection } from './client.ts';
import { createRecord, type ManagerRecord } from './record.ts';
import { type NextLook, reconcile } from './reconcile.ts';
import { createResolver } from './resolver.ts';
import { newVmClone, reconcileClone, type VmClones, type VmCloneSpec } from './vm-clone.ts';
import { newVmImage, type VmImages, type VmImageSpec } from './vm-image.ts';
import { newVmSnapshot, reconcileSnapshot, type VmSnapshots, type VmSnapshotSpec } from './vm-snapshot.ts';
import {
  adoptedVirtualMachine,
  newVirtualMachine,
  type Objects,
  type VirtualMachine,
  type VirtualMachineSpec,
  type VirtualMachineStatus,
} from './virtual-machine.ts';
import { createWorkQueue } from './work-queue.ts';

const WORKERS = 10;
/** Of the other controllers: one who waits lets everybody wait. */
const ONE_WORKER = 1;
/** Of the clock's time: what takes longer is wedged. */
const WEDGED_AFTER_MS = 3 * 3_600_000;
const LOOK_EVERY_MS = 1_000;

export interface GoManagerOptions {
  /** `host:port` of the provider, asked for each time a connection is made; undefined: it has no ready pod. */
  readonly endpoint: () => string | undefined;
  readonly clock: Clock;
  /** What an earlier manager has left; empty where absent. */
  readonly objects?: Objects;
  readonly snapshots?: VmSnapshots;
  readonly clones?: VmClones;
  /** Whether a write of a status gets lost. */
  readonly losesWrite?: (vm: VirtualMachine, status: VirtualMachineStatus) => boolean;
  /** Whether a write of another object's status is refused, and everything before it is done again. */
  readonly conflicts?: (kind: 'VMSnapshot' | 'VMClone', name: string, status: { readonly phase: string }) => boolean;
}

export interface GoManager {
  readonly objects: Objects;
  readonly snapshots: VmSnapshots;
  readonly clones: VmClones;
  readonly images: VmImages;
  readonly record: ManagerRecord;
  /** How often the breaker has opened. */
  readonly breakerOpenings: number;
  /** Makes an object, or changes what is said of one. */
  apply(name: string, spec: VirtualMachineSpec): void;
  /** Makes an object for a VM that there is. */
  adopt(name: string, id: string, spec: VirtualMachineSpec): void;
  /** What the annotation `adopt-vms` does. */
  adoptAll(): Promise<Adoption>;
  delete(name: string): void;
  snapshot(name: string, spec: VmSnapshotSpec): void;
  deleteSnapshot(name: string): void;
  clone(name: string, spec: VmCloneSpec): void;
  /** Removes the VMClone, and nothing else. */
  deleteClone(name: string): void;
  image(name: string, spec: VmImageSpec): void;
  /** Resolves when it holds; rejects after three hours of the clock's time, telling all objects. */
  until(holds: () => boolean): Promise<void>;
  /** Ends at once: calls under way are cancelled, and nothing is written any more. */
  stop(): void;
}

export function startGoManager(options: GoManagerOptions): GoManager {
  const { endpoint, clock, objects = new Map(), losesWrite } = options;
  const { snapshots = new Map(), clones = new Map(), conflicts = () => false } = options;
  const images: VmImages = new Map();
  const record = createRecord();
  const breaker = createBreaker(clock);
  const resolver = createResolver({ endpoint, clock, breaker, record });
  let isStopped = false;
  const queue = createWorkQueue(clock, WORKERS, async (name): Promise<NextLook> => {
    const vm = objects.get(name);
    return vm === undefined ? undefined : await reconcile(parts, vm);
  });
  const parts = {
    resolver,
    record,
    images,
    importsImages: askedOnce(),
    removeObject: (vm: VirtualMachine): void => {
      if (!isStopped) objects.delete(vm.name);
    },
    losesWrite: (vm: VirtualMachine, next: VirtualMachineStatus) => isStopped || (losesWrite?.(vm, next) ?? false),
  };
  const othersParts = {
    resolver,
    record,
    vms: objects,
    wakeVm: queue.add,
    removeSnapshot: ({ name }: { readonly name: string }): void => {
      if (!isStopped) snapshots.delete(name);
    },
    conflicts: (...write: Parameters<typeof conflicts>) => isStopped || conflicts(...write),
  };
  const snapshotQueue = createWorkQueue(clock, ONE_WORKER, async (name): Promise<NextLook> => {
    const snapshot = snapshots.get(name);
    return snapshot === undefined ? undefined : await reconcileSnapshot(othersParts, snapshot);
  });
  const cloneQueue = createWorkQueue(clock, ONE_WORKER, async (name): Promise<NextLook> => {
    const clone = clones.get(name);
    return clone === undefined ? undefined : await reconcileClone(othersParts, clone);
  });
  const queues = [queue, snapshotQueue, cloneQueue];

  async function until(holds: () => boolean): Promise<void> {
    const endsAt = clock.now() + WEDGED_AFTER_MS;
    while (!holds()) {
      if (clock.now() >= endsAt) throw new Error(`wedged:\n${[...story(objects), ...storyOf(snapshots), ...storyOf(clones)].join('\n')}`);
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

  for (const name of objects.keys()) queue.add(name);
  for (const name of snapshots.keys()) snapshotQueue.add(name);
  for (const name of clones.keys()) cloneQueue.add(name);
  return {
    objects,
    snapshots,
    clones,
    images,
    record,
    get breakerOpenings() {
      return breaker.openings;
    },
    apply: (name, spec) => {
      const known = objects.get(name);
      if (known === undefined) objects.set(name, newVirtualMachine(name, spec));
      else known.spec = spec;
      queue.add(name);
    },
    adopt: (name, id, spec) => {
      objects.set(name, adoptedVirtualMachine(name, id, spec));
      queue.add(name);
    },
    adoptAll: async () => {
      const adoption = await adoptVms(resolver, objects);
      for (const { name } of adoption.adopted) queue.add(name);
      return adoption;
    },
    delete: (name) => {
      const vm = objects.get(name);
      if (vm === undefined) return;
      vm.deleting = true;
      queue.add(name);
    },
    snapshot: (name, spec) => {
      snapshots.set(name, newVmSnapshot(name, spec));
      snapshotQueue.add(name);
    },
    deleteSnapshot: (name) => {
      const snapshot = snapshots.get(name);
      if (snapshot === undefined) return;
      snapshot.deleting = true;
      snapshotQueue.add(name);
    },
    clone: (name, spec) => {
      clones.set(name, newVmClone(name, spec));
      cloneQueue.add(name);
    },
    deleteClone: (name) => void clones.delete(name),
    image: (name, spec) => void images.set(name, newVmImage(name, spec)),
    until,
    stop: () => {
      isStopped = true;
      for (const one of queues) one.stop();
      resolver.close();
    },
  };
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

function story(objects: Objects): string[] {
  return [...objects.values()].map(({ name, spec, status, deleting }) => {
    const wanted = deleting ? 'gone' : (spec.powerState ?? 'On');
    return `${name} wanted ${wanted}: id "${status.id}" ${status.powerState} task "${status.lastTaskRef}" ${status.message}`;
  });
}

interface Told {
  readonly phase: string;
  readonly taskRef: string;
  readonly message: string;
}

function storyOf(others: ReadonlyMap<string, { readonly name: string; readonly status: Told }>): string[] {
  return [...others.values()].map(({ name, status }) => `${name}: ${status.phase} ${status.taskRef} ${status.message}`);
}
