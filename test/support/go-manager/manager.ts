// VirtRigaud's manager, as far as a provider can tell: a model of what it does to VMs, for tests to judge a provider by.
import type { Clock } from '#runtime/clock';
import { type Adoption, adoptVms } from './adoption.ts';
import { createBreaker } from './breaker.ts';
import { type ControllerParts, startControllers } from './controllers.ts';
import { createRecord, type ManagerRecord } from './record.ts';
import { createResolver } from './resolver.ts';
import { newVmClone, type VmClones, type VmCloneSpec } from './vm-clone.ts';
import { newVmImage, type VmImages, type VmImageSpec } from './vm-image.ts';
import { newVmSnapshot, type VmSnapshots, type VmSnapshotSpec } from './vm-snapshot.ts';
import {
  adoptedVirtualMachine,
  newVirtualMachine,
  type Objects,
  type VirtualMachine,
  type VirtualMachineSpec,
  type VirtualMachineStatus,
} from './virtual-machine.ts';

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
  readonly conflicts?: ControllerParts['conflicts'];
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
  /** Makes a VMImage, or changes what is said of one. */
  image(name: string, spec: VmImageSpec): void;
  /** Resolves when it holds; rejects after three hours of the clock's time, telling all objects. */
  until(holds: () => boolean): Promise<void>;
  /** Ends at once: calls under way are cancelled, and nothing is written any more. */
  stop(): void;
}

export function startGoManager(options: GoManagerOptions): GoManager {
  const { endpoint, clock, losesWrite = () => false, conflicts = () => false } = options;
  const objects: Objects = options.objects ?? new Map();
  const snapshots: VmSnapshots = options.snapshots ?? new Map();
  const clones: VmClones = options.clones ?? new Map();
  const images: VmImages = new Map();
  const record = createRecord();
  const breaker = createBreaker(clock);
  const resolver = createResolver({ endpoint, clock, breaker, record });
  let isStopped = false;
  const parts = { clock, resolver, record, isStopped: () => isStopped, losesWrite, conflicts };
  const queues = startControllers({ vms: objects, snapshots, clones, images }, parts);

  async function until(holds: () => boolean): Promise<void> {
    const endsAt = clock.now() + WEDGED_AFTER_MS;
    while (!holds()) {
      if (clock.now() >= endsAt)
        throw new Error(`wedged:\n${[...story(objects), ...storyOf(snapshots), ...storyOf(clones)].join('\n')}`);
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

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
      queues.vms.add(name);
    },
    adopt: (name, id, spec) => {
      objects.set(name, adoptedVirtualMachine(name, id, spec));
      queues.vms.add(name);
    },
    adoptAll: async () => {
      const adoption = await adoptVms(resolver, objects);
      for (const { name } of adoption.adopted) queues.vms.add(name);
      return adoption;
    },
    delete: (name) => {
      const vm = objects.get(name);
      if (vm === undefined) return;
      vm.deleting = true;
      queues.vms.add(name);
    },
    snapshot: (name, spec) => {
      snapshots.set(name, newVmSnapshot(name, spec));
      queues.snapshots.add(name);
    },
    deleteSnapshot: (name) => {
      const snapshot = snapshots.get(name);
      if (snapshot === undefined) return;
      snapshot.deleting = true;
      queues.snapshots.add(name);
    },
    clone: (name, spec) => {
      clones.set(name, newVmClone(name, spec));
      queues.clones.add(name);
    },
    deleteClone: (name) => void clones.delete(name),
    image: (name, spec) => {
      const known = images.get(name);
      // What was made of an earlier spec stays in its status.
      if (known !== undefined) known.spec = newVmImage(name, spec).spec;
      else images.set(name, newVmImage(name, spec));
    },
    until,
    stop: () => {
      isStopped = true;
      for (const queue of Object.values(queues)) queue.stop();
      resolver.close();
    },
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
