import { Fault } from '#domain/fault';
import type { Clock } from '#runtime/clock';

const FIRST_MS = 30_000;
const LONGEST_MS = 5 * 60_000;
/** So long after its next try was due nobody asks for it any more. */
const FORGOTTEN_MS = 3_600_000;

/**
 * Requests that have failed for good, kept in memory: callers that repeat them blindly get the same answer again
 * without PVE being asked, first for 30 s, then twice as long each time, up to 5 min.
 */
export interface BackOff {
  /** Throws the fault the request ended with, if it is too early to try again. Another digest is another request. */
  check(owner: string, digest: string): void;
  failed(owner: string, digest: string, fault: Fault): void;
  succeeded(owner: string): void;
}

interface Failure {
  readonly digest: string;
  readonly fault: Fault;
  readonly pauseMs: number;
  /** Ms of the clock. */
  readonly nextTryAt: number;
}

export function createBackOff(clock: Clock): BackOff {
  const failures = new Map<string, Failure>();
  return {
    check: (owner, digest) => {
      const failure = failures.get(owner);
      if (failure?.digest !== digest || clock.now() >= failure.nextTryAt) return;
      throw withNextTry(failure);
    },
    failed: (owner, digest, fault) => {
      const before = failures.get(owner);
      for (const [key, { nextTryAt }] of failures) {
        if (clock.now() - nextTryAt > FORGOTTEN_MS) failures.delete(key);
      }
      const pauseMs = before?.digest === digest ? Math.min(before.pauseMs * 2, LONGEST_MS) : FIRST_MS;
      failures.set(owner, { digest, fault, pauseMs, nextTryAt: clock.now() + pauseMs });
    },
    succeeded: (owner) => void failures.delete(owner),
  };
}

function withNextTry({ fault, nextTryAt }: Failure): Fault {
  const next = `It is tried again after ${new Date(nextTryAt).toISOString()}, or at once when the request changes`;
  const remedy = fault.text.remedy === undefined ? next : `${fault.text.remedy}. ${next}`;
  return new Fault(fault.kind, { ...fault.text, remedy }, { cause: fault });
}
