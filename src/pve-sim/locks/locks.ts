// Locks by name, shared or exclusive, granted in the order they were asked for. A holder that dies drops all of its own,
// as the kernel does with the flocks of a killed process.
import type { Pace } from '../pace.ts';

export type LockMode = 'shared' | 'exclusive';

/** Whoever may hold locks: an API call or a task's worker. */
export interface LockHolder {
  /** Set once the process behind it was killed; it must not go on. */
  readonly dead: boolean;
  readonly held: Set<Lease>;
  /** A task's log, which tells when it has to wait. */
  log?(line: string): void;
}

export interface Lease {
  readonly name: string;
  readonly mode: LockMode;
  release(): void;
}

export interface Locks {
  /** Undefined when the lock could not be had within `waitMs`. Never settles once the holder is dead. */
  acquire(name: string, mode: LockMode, waitMs: number, holder: LockHolder): Promise<Lease | undefined>;
  /** True where nobody holds the lock in a way that excludes `mode`. */
  isFree(name: string, mode: LockMode): boolean;
}

interface Waiter {
  readonly mode: LockMode;
  grant(): void;
}

interface Queue {
  readonly leases: Set<Lease>;
  readonly waiters: Waiter[];
}

export function createHolder(): LockHolder {
  return { dead: false, held: new Set() };
}

export function releaseAll(holder: LockHolder): void {
  for (const lease of holder.held) lease.release();
}

export function createLocks(pace: Pace): Locks {
  const queues = new Map<string, Queue>();
  const queueOf = (name: string): Queue => {
    const queue = queues.get(name) ?? { leases: new Set(), waiters: [] };
    queues.set(name, queue);
    return queue;
  };
  const grantNext = (name: string, queue: Queue): void => {
    for (let next = queue.waiters[0]; next !== undefined && compatible(queue, next.mode); next = queue.waiters[0]) {
      queue.waiters.shift();
      next.grant();
    }
    if (queue.leases.size === 0 && queue.waiters.length === 0) queues.delete(name);
  };
  const take = (name: string, mode: LockMode, holder: LockHolder): Lease => {
    const queue = queueOf(name);
    const lease: Lease = {
      name,
      mode,
      release: () => {
        holder.held.delete(lease);
        if (queue.leases.delete(lease)) grantNext(name, queue);
      },
    };
    queue.leases.add(lease);
    holder.held.add(lease);
    return lease;
  };
  return {
    isFree: (name, mode) => {
      const queue = queues.get(name);
      return queue === undefined || compatible(queue, mode);
    },
    acquire: async (name, mode, waitMs, holder) => {
      const queue = queueOf(name);
      if (queue.waiters.length === 0 && compatible(queue, mode)) return take(name, mode, holder);
      holder.log?.('trying to acquire lock...');
      return await new Promise<Lease | undefined>((resolve) => {
        const cancel = pace.limit(waitMs, () => {
          queue.waiters.splice(queue.waiters.indexOf(waiter), 1);
          grantNext(name, queue);
          if (!holder.dead) resolve(undefined);
        });
        const waiter: Waiter = {
          mode,
          grant: () => {
            cancel();
            holder.log?.(' OK');
            if (!holder.dead) resolve(take(name, mode, holder));
          },
        };
        queue.waiters.push(waiter);
      });
    },
  };
}

function compatible(queue: Queue, mode: LockMode): boolean {
  return queue.leases.size === 0 || (mode === 'shared' && [...queue.leases].every((lease) => lease.mode === 'shared'));
}
