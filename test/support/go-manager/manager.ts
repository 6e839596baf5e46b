// VirtRigaud's manager, as far as a provider can tell: a model of what it does to VMs, for tests to judge a provider by.
import type { Clock } from '#runtime/clock';
import { type Adoption, adoptVms } from './adoption.ts';
import { createBreaker } from './breaker.ts';
import { createRecord, type ManagerRecord } from './record.ts';
import { type NextLook, reconcile } from './reconcile.ts';
import { createResolver } from './resolver.ts';
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
/** Of the clock's time: what takes longer is wedged. */
const WEDGED_AFTER_MS = 3 * 3_600_000;
const LOOK_EVERY_MS = 1_000;

export interface GoManagerOptions {
  /** `host:port` of the provider, asked for each time a connection is made; undefined: it has no ready pod. */
  readonly endpoint: () => string | undefined;
  readonly clock: Clock;
  /** What an earlier manager has left; empty where absent. */
  readonly objects?: Objects;
  /** Whether a write of a status gets lost. */
  readonly losesWrite?: (vm: VirtualMachine, status: VirtualMachineStatus) => boolean;
}

export interface GoManager {
  readonly objects: Objects;
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
  /** Resolves when it holds; rejects after three hours of the clock's time, telling all objects. */
  until(holds: () => boolean): Promise<void>;
  /** Ends at once: calls under way are cancelled, and nothing is written any more. */
  stop(): void;
}

export function startGoManager({ endpoint, clock, objects = new Map(), losesWrite }: GoManagerOptions): GoManager {
  const record = createRecord();
  const breaker = createBreaker(clock);
  const resolver = createResolver({ endpoint, clock, breaker, record });
  let isStopped = false;
  const parts = {
    resolver,
    record,
    removeObject: (vm: VirtualMachine): void => {
      if (!isStopped) objects.delete(vm.name);
    },
    losesWrite: (vm: VirtualMachine, next: VirtualMachineStatus) => isStopped || (losesWrite?.(vm, next) ?? false),
  };

  const queue = createWorkQueue(clock, WORKERS, async (name): Promise<NextLook> => {
    const vm = objects.get(name);
    return vm === undefined ? undefined : await reconcile(parts, vm);
  });

  async function until(holds: () => boolean): Promise<void> {
    const endsAt = clock.now() + WEDGED_AFTER_MS;
    while (!holds()) {
      if (clock.now() >= endsAt) throw new Error(`wedged:\n${story(objects)}`);
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

  for (const name of objects.keys()) queue.add(name);
  return {
    objects,
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
    until,
    stop: () => {
      isStopped = true;
      queue.stop();
      resolver.close();
    },
  };
}

function story(objects: Objects): string {
  return [...objects.values()]
    .map(({ name, spec, status, deleting }) => {
      const wanted = deleting ? 'gone' : (spec.powerState ?? 'On');
      return `${name} wanted ${wanted}: id "${status.id}" ${status.powerState} task "${status.lastTaskRef}" ${status.message}`;
    })
    .join('\n');
}
