// Work under a lock, with PVE's reasons for not getting it.
import type { Lease, LockHolder, Locks, LockWish } from './locks.ts';

export interface GuardedBy extends LockWish {
  readonly holder: LockHolder;
  /** What is raised when the lock cannot be had: with `timedOut`, or with what a SIGTERM reads like (pve-behaviour 28.11). */
  readonly refusal: (reason: string) => Error;
  readonly timedOut: string;
}

export async function underLock<T>(locks: Locks, by: GuardedBy, work: (lease: Lease) => T | Promise<T>): Promise<T> {
  const lease = await locks.acquire(by, by.holder).catch((cause: unknown) => {
    throw Object.assign(by.refusal('interrupted by signal'), { cause });
  });
  if (lease === undefined) throw by.refusal(by.timedOut);
  try {
    return await work(lease);
  } finally {
    lease.release();
  }
}
