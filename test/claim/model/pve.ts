// The model's PVE as its callers see it: each call is one moment, the view lags, and a write that carries a digest is a
// compare-and-swap. It keeps what the protocol stands on (pve-behaviour 26, 28) and nothing else.
import type { ActiveTask } from '#claim/quiet';
import type { Claim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import type { Chance } from './chance.ts';
import type { Clockwork } from './clockwork.ts';
import { type Config, createHost, type Task, type TaskState, type Witness } from './host.ts';
import { copy, destroy, type Workshop, type WorkerTrouble } from './workers.ts';

/** Seconds since the epoch at which every schedule begins, by PVE's clock. */
const EPOCH = 1_790_000_000;
/** The view shows what comes and goes within half a second. */
const VIEW_LAG_MS = 500;
/** The cluster's list of tasks is told with a delay (pve-behaviour 6.5). */
const TASK_LAG_MS = 2000;
/** Of the template that is copied. */
const SOURCE = '9000';

export interface ReadConfig extends Config {
  readonly digest: string;
}

export interface ModelPve {
  readonly slots: readonly Vmid[];
  /** Seconds since the epoch. */
  readonly seconds: number;
  trouble: WorkerTrouble;

  view(): ReadonlySet<Vmid>;
  isFree(vmid: Vmid): boolean;
  read(vmid: Vmid): ReadConfig | undefined;
  put(vmid: Vmid, digest: string, change: (config: Config) => Config): 'ok' | 'mismatch' | 'missing';
  /** Number of the task; undefined where the id is taken and PVE says so at once. */
  clone(vmid: Vmid, claim: Claim): number | undefined;
  /** Number of the task; undefined where there is nothing of this id. */
  destroy(vmid: Vmid): number | undefined;
  taskState(task: number): TaskState;
  activeTasks(): readonly ActiveTask[];
  /** When ids were last destroyed, ms, as the cluster's list of tasks tells it. */
  destroys(): ReadonlyMap<Vmid, number>;

  /** Somebody else's VM comes, changes, and goes. False where the id is taken. */
  strangerTakes(vmid: Vmid, config: Omit<Config, 'facets'>): boolean;
  isStrangers(vmid: Vmid): boolean;
  /** @param change undefined takes it away */
  strangerChanges(vmid: Vmid, change: (config: Config) => Config | undefined): void;
  /** @param looked is called whenever somebody reads the view */
  watchLooks(looked: () => void): void;
  /** Root removes what workers that died have left: all of it, or so much that two slots are free. */
  removeRemnants(all: boolean): void;

  /** Ids of the owner's unlocked VMs in a state. */
  own(state: Claim['state']): readonly Vmid[];
  /** The owner's VMs that are neither finished nor dead stubs. */
  unfinished(): readonly Vmid[];
  /** When a destroy last freed the id, ms; -Infinity for never. */
  freedAt(vmid: Vmid): number;
}

export function createModelPve(clockwork: Clockwork, chance: Chance, slotCount: number, witness: Witness): ModelPve {
  const slots = Array.from({ length: slotCount }, (_, index) => (100_001 + index) as Vmid);
  const host = createHost(clockwork, witness);
  const { guests, tasks } = host;
  const freedAt = new Map<Vmid, number>();
  const workshop: Workshop = { host, chance, witness, trouble: () => pve.trouble };
  const seconds = (at = clockwork.now): number => EPOCH + Math.floor(at / 1000);
  let onLook = (): void => undefined;

  function begin(type: Task['type'], vmid: Vmid): Task {
    const task: Task = { type, vmid, begunAt: clockwork.now, state: 'active' };
    tasks.push(task);
    witness.trace(`${type} ${vmid} begins`);
    return task;
  }

  const pve: ModelPve = {
    slots,
    get seconds() {
      return seconds();
    },
    trouble: { fails: 0, dies: 0 },

    view: () => {
      onLook();
      return new Set(slots.filter((vmid) => host.existed(vmid, chance.between(0, VIEW_LAG_MS))));
    },
    isFree: (vmid) => !guests.has(vmid),
    read: (vmid) => {
      const guest = guests.get(vmid);
      return guest === undefined ? undefined : { ...guest.config, digest: guest.digest };
    },
    put: (vmid, digest, change) => {
      const guest = guests.get(vmid);
      if (guest === undefined || guest.isBeingDestroyed) return 'missing';
      if (guest.digest !== digest || guest.config.lock !== undefined) return 'mismatch';
      if (guest.isStrangers) witness.violated(`VM ${vmid} of a stranger is written to`);
      const config = change(guest.config);
      witness.trace(`VM ${vmid} is now ${config.claim?.state ?? 'unclaimed'}, ${config.facets}`);
      host.write(guest, config);
      return 'ok';
    },
    clone: (vmid, claim) => {
      if (guests.has(vmid) && chance.happens(0.5)) return undefined;
      clockwork.start(copy(workshop, begin('qmclone', vmid), claim), 0);
      return tasks.length - 1;
    },
    destroy: (vmid) => {
      if (!guests.has(vmid)) return undefined;
      const free = (id: Vmid): void => void freedAt.set(id, clockwork.now);
      clockwork.start(destroy(workshop, begin('qmdestroy', vmid), free), 0);
      return tasks.length - 1;
    },
    taskState: (number) => tasks[number]?.state ?? 'failed',
    activeTasks: () =>
      tasks
        .filter((task) => task.state === 'active')
        .map(({ type, vmid, begunAt }) => ({
          type,
          id: type === 'qmclone' ? SOURCE : String(vmid),
          starttime: seconds(begunAt),
        })),
    destroys: () => {
      const told = tasks.filter(({ type, begunAt }) => type === 'qmdestroy' && begunAt <= clockwork.now - TASK_LAG_MS);
      return new Map(told.map(({ vmid, begunAt }) => [vmid, begunAt]));
    },

    strangerTakes: (vmid, config) => {
      if (guests.has(vmid)) return false;
      host.add(vmid, true, { ...config, facets: 0 });
      return true;
    },
    isStrangers: (vmid) => guests.get(vmid)?.isStrangers === true,
    strangerChanges: (vmid, change) => {
      const guest = guests.get(vmid);
      if (guest?.isStrangers !== true) return;
      const config = change(guest.config);
      if (config === undefined) host.remove(vmid);
      else host.write(guest, config);
    },
    watchLooks: (looked) => {
      onLook = looked;
    },
    removeRemnants: (all) => {
      const alive = new Set(tasks.filter((task) => task.state === 'active').map((task) => task.vmid));
      const dead = [...guests.values()].filter(
        ({ vmid, isStrangers, config }) => !isStrangers && config.lock !== undefined && !alive.has(vmid),
      );
      const spared = all ? 0 : Math.min(dead.length, slots.length - 2);
      for (const { vmid } of dead.slice(spared)) host.remove(vmid);
    },

    own: (state) => host.own(state),
    unfinished: () => [...host.own('creating', 'void'), ...host.stubs().map(({ vmid }) => vmid)],
    freedAt: (vmid) => freedAt.get(vmid) ?? Number.NEGATIVE_INFINITY,
  };
  return pve;
}
