// Locks by name, shared or exclusive. As with flock(2) whoever fits those who hold it gets it, and readers can starve a
// writer. A holder that dies drops all of its own and gets no other, as the kernel does for a killed process.
import type { Pace } from '../pace.ts';
import type { Random } from '../random.ts';

export type LockMode = 'shared' | 'exclusive';

/** Whoever may hold locks: an API call or a task's worker. */
export interface LockHolder {
  /** Set once the process behind it was killed; it must not go on. */
  readonly dead: boolean;
  readonly held: Set<Lease>;
  /** Aborted by SIGTERM, which ends a wait for a lock. */
  readonly signal?: AbortSignal;
  /** A task's log, which tells when it has to wait. */
  log?(line: string): void;
}

export interface Lease {
  readonly name: string;
  readonly mode: LockMode;
  release(): void;
  /** A process that is forked inherits the lock, and holds it on when this lease is released. */
  handTo(holder: LockHolder): void;
}

export interface LockWish {
  readonly name: string;
  readonly mode: LockMode;
  readonly waitMs: number;
  /** A lock of the cluster, which nobody is woken for: it is asked for again and again, about this often. */
  readonly pollMs?: number;
}

export interface Locks {
  /**
   * Undefined when the lock could not be had in time. Never settles once the holder is dead.
   * @throws the reason of a SIGTERM that arrives while it waits
   */
  acquire(wish: LockWish, holder: LockHolder): Promise<Lease | undefined>;
  /** True where nobody holds the lock in a way that excludes `mode`. */
  isFree(name: string, mode: LockMode): boolean;
}

interface Waiter {
  readonly mode: LockMode;
  readonly holder: LockHolder;
  /** Comes with the lease, or without one when the time is over. */
  settle(lease: Lease | undefined): void;
}

interface Queue {
  readonly leases: Set<Lease>;
  readonly waiters: Set<Waiter>;
}

export function createHolder(): LockHolder {
  return { dead: false, held: new Set() };
}

export function releaseAll(holder: LockHolder): void {
  for (const lease of holder.held) lease.release();
}

/** How much a poll may come early or late, as a part of its interval. */
const JITTER = 0.1;

export function createLocks(pace: Pace, random: Random): Locks {
  const queues = new Map<string, Queue>();
  const queueOf = (name: string): Queue => {
    const queue = queues.get(name) ?? { leases: new Set(), waiters: new Set() };
    queues.set(name, queue);
    return queue;
  };
  const take = (name: string, mode: LockMode, holder: LockHolder): Lease => {
    const queue = queueOf(name);
    const lease: Lease = {
      name,
      mode,
      release: () => {
        holder.held.delete(lease);
        if (queue.leases.delete(lease)) wake(name, queue);
      },
      handTo: (next) => {
        holder.held.delete(lease);
        if (queue.leases.delete(lease)) take(name, mode, next);
      },
    };
    queue.leases.add(lease);
    holder.held.add(lease);
    return lease;
  };
  const wake = (name: string, queue: Queue): void => {
    for (const waiter of queue.waiters) {
      const { mode, holder } = waiter;
      if (!holder.dead && !compatible(queue, mode)) continue;
      queue.waiters.delete(waiter);
      waiter.settle(holder.dead ? undefined : take(name, mode, holder));
    }
    if (queue.leases.size === 0) queues.delete(name);
  };
  const waitFor = async ({ name, mode, waitMs }: LockWish, holder: LockHolder): Promise<Lease | undefined> => {
    const queue = queueOf(name);
    const { promise, resolve, reject } = Promise.withResolvers<Lease | undefined>();
    const waiter: Waiter = { mode, holder, settle: resolve };
    const interrupt = (): void => {
      queue.waiters.delete(waiter);
      reject(holder.signal?.reason as Error);
    };
    const cancel = pace.limit(waitMs, () => {
      queue.waiters.delete(waiter);
      resolve(undefined);
    });
    queue.waiters.add(waiter);
    holder.signal?.addEventListener('abort', interrupt, { once: true });
    return await promise.finally(() => {
      cancel();
      holder.signal?.removeEventListener('abort', interrupt);
    });
  };
  const isFree = (name: string, mode: LockMode): boolean => {
    const queue = queues.get(name);
    return queue === undefined || compatible(queue, mode);
  };
  const poll = async (wish: LockWish, pollMs: number, holder: LockHolder): Promise<Lease | undefined> => {
    const { name, mode, waitMs } = wish;
    // A stop that came before this wait does not end it: whoever cleans up waits like everybody else.
    const signal = holder.signal?.aborted === true ? undefined : holder.signal;
    for (let waitedMs = 0; waitedMs < waitMs && !holder.dead; waitedMs += pollMs) {
      await pace.wait(pollMs * (1 + JITTER * (2 * random.next() - 1)), signal);
      if (!holder.dead && isFree(name, mode)) return take(name, mode, holder);
    }
    return undefined;
  };
  const nowOrLater = async (wish: LockWish, holder: LockHolder): Promise<Lease | undefined> => {
    const { name, mode, pollMs } = wish;
    if (isFree(name, mode)) return take(name, mode, holder);
    holder.log?.('trying to acquire lock...');
    const lease = await (pollMs === undefined ? waitFor(wish, holder) : poll(wish, pollMs, holder));
    if (lease !== undefined && !holder.dead) holder.log?.(' OK');
    return lease;
  };
  return {
    isFree,
    acquire: async (wish, holder) => {
      if (!holder.dead) {
        const lease = await nowOrLater(wish, holder);
        if (!holder.dead) return lease;
      }
      return await new Promise<never>(() => {});
    },
  };
}

function compatible(queue: Queue, mode: LockMode): boolean {
  return queue.leases.size === 0 || (mode === 'shared' && [...queue.leases].every((lease) => lease.mode === 'shared'));
}
