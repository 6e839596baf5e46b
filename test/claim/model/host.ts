// What the model's PVE has: guests with their configurations, tasks, and when each came and went.
import { judgeOwnership } from '#claim/ownership';
import type { Claim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import type { Clockwork } from './clockwork.ts';

export const INSTANCE = 'model/prod';
export const OWNER = { name: 'web' };

export interface Config {
  readonly lock?: 'clone' | 'destroyed';
  readonly claim?: Claim;
  /** How much of the request is in it. */
  readonly facets: number;
  /** Whatever else makes configurations differ. */
  readonly mark: string;
}

export interface Guest {
  readonly vmid: Vmid;
  readonly isStrangers: boolean;
  config: Config;
  /** Of equal configurations equal. */
  digest: string;
  isBeingDestroyed: boolean;
}

/** `taken`: failed, since another guest has the id. */
export type TaskState = 'active' | 'ok' | 'failed' | 'taken';

export interface Task {
  readonly type: 'qmclone' | 'qmdestroy';
  readonly vmid: Vmid;
  /** ms since the schedule began */
  readonly begunAt: number;
  state: TaskState;
}

export interface Witness {
  /** The protocol was broken. */
  violated(what: string): void;
  /** A destroy met another VM than the one it was sent for. */
  metByLateDelete(what: string): void;
  count(what: string): void;
  trace(what: string): void;
}

export interface Host {
  readonly guests: ReadonlyMap<Vmid, Guest>;
  readonly tasks: Task[];
  add(vmid: Vmid, isStrangers: boolean, config: Config): Guest;
  write(guest: Guest, config: Config): void;
  remove(vmid: Vmid): void;
  /** Whether there was a guest of this id so many ms ago. */
  existed(vmid: Vmid, ago: number): boolean;
  /** Ids of the owner's VMs in these states that no lock is on. */
  own(...states: readonly Claim['state'][]): Vmid[];
  /** Locked stubs that a worker is making for us now. */
  stubs(): Guest[];
  end(task: Task, state: TaskState): void;
}

export function createHost(clockwork: Clockwork, witness: Witness): Host {
  const guests = new Map<Vmid, Guest>();
  const tasks: Task[] = [];
  /** When existence changed, newest first. */
  const changes = new Map<Vmid, { at: number; exists: boolean }[]>();

  function write(guest: Guest, config: Config): void {
    guest.config = config;
    guest.digest = JSON.stringify(config);
    const ready = own('ready');
    if (ready.length > 1) witness.violated(`VMs ${ready.join(' and ')} are both ready`);
  }

  function add(vmid: Vmid, isStrangers: boolean, config: Config): Guest {
    const guest: Guest = { vmid, isStrangers, config, digest: '', isBeingDestroyed: false };
    guests.set(vmid, guest);
    changed(vmid, true);
    write(guest, config);
    if (!isStrangers && own('creating', 'ready').length + stubs().length > 1) witness.count('a second VM existed');
    return guest;
  }

  function changed(vmid: Vmid, exists: boolean): void {
    changes.set(vmid, [{ at: clockwork.now, exists }, ...(changes.get(vmid) ?? []).slice(0, 5)]);
  }

  function own(...states: readonly Claim['state'][]): Vmid[] {
    return [...guests.values()].filter((guest) => states.some((state) => isOwn(guest, state))).map(({ vmid }) => vmid);
  }

  function stubs(): Guest[] {
    const making = new Set(tasks.filter((task) => task.state === 'active').map((task) => task.vmid));
    return [...guests.values()].filter(
      ({ vmid, isStrangers, config }) => !isStrangers && config.lock === 'clone' && making.has(vmid),
    );
  }

  return {
    guests,
    tasks,
    add,
    write,
    remove: (vmid) => {
      guests.delete(vmid);
      changed(vmid, false);
    },
    existed: (vmid, ago) => changes.get(vmid)?.find(({ at }) => at <= clockwork.now - ago)?.exists ?? false,
    own,
    stubs,
    end: (task, state) => {
      task.state = state;
      witness.trace(`${task.type} ${task.vmid} ends ${state}`);
    },
  };
}

/** Whether it is a VM of the owner's, in the provider's own judgement, and in this state. */
export function isOwn({ vmid, config }: Guest, state: Claim['state']): boolean {
  if (config.claim?.state !== state || config.lock !== undefined) return false;
  return judgeOwnership({ kind: 'claim', claim: config.claim, text: '' }, INSTANCE, vmid).kind === 'ours';
}
