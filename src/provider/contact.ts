// The first contact with PVE: a provider that may wait for it serves meanwhile (ADR 13).
import { Fault } from '#domain/fault';
import { PveError } from '#pve/errors';
import type { PveVersion } from '#pve/rules/versions';
import type { Clock } from '#runtime/clock';
import { type Deadline, within } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import { startupLine } from './startup-line.ts';

export interface Contact {
  /** Throws before contact is made. */
  version(): PveVersion;
  /** Waits for the first try to end. @returns why PVE has not been reached yet; undefined where it has */
  missing(call: Deadline): Promise<Missing | undefined>;
}

export interface Missing {
  readonly isRefused: boolean;
  /** As in the log: `Failed to connect: dial tcp pve1:8006: connection refused`. */
  readonly why: string;
  readonly remedy: string;
}

export function contactWith(version: PveVersion): Contact {
  return { version: () => version, missing: async () => await Promise.resolve(undefined) };
}

export interface Pursuit {
  /** One try; throws what stands in the way. */
  readonly meet: () => Promise<PveVersion>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when nobody needs the contact any more. */
  readonly stopping: AbortSignal;
}

/** Ms of the clock, the first of them doubled up to the last. */
const PAUSES_MS = { first: 1_000, longest: 30_000 };

/** Tries until contact is made, each failure with the line that would otherwise have been the program's last. */
export function pursueContact(pursuit: Pursuit): Contact {
  const { meet, clock, log, stopping } = pursuit;
  const firstTry = Promise.withResolvers<void>();
  let version: PveVersion | undefined;
  let missing: Missing | undefined;

  async function tryOnce(nextInMs: number): Promise<void> {
    try {
      version = await meet();
    } catch (error) {
      if (stopping.aborted) return;
      missing = missingAfter(error);
      const { message, fields } = startupLine(error);
      log.error(message, { ...fields, next_try: `${nextInMs / 1000}s` });
    } finally {
      firstTry.resolve();
    }
  }

  async function keepTrying(): Promise<void> {
    for (let pauseMs = PAUSES_MS.first; ; pauseMs = Math.min(pauseMs * 2, PAUSES_MS.longest)) {
      await tryOnce(pauseMs);
      if (version !== undefined || stopping.aborted) return;
      await clock.sleep(pauseMs, stopping).catch(() => undefined);
    }
  }

  void keepTrying();
  return {
    version: () => {
      if (version === undefined) throw faultOf(missing ?? { isRefused: false, why: 'nobody has tried', remedy: '' });
      return version;
    },
    missing: async (call) => {
      await within(call, firstTry.promise);
      return version === undefined ? missing : undefined;
    },
  };
}

function missingAfter(error: unknown): Missing {
  const { message, fields } = startupLine(error);
  const { error: what, hint } = fields;
  const cause = error instanceof Error ? error.cause : undefined;
  return {
    isRefused: cause instanceof PveError && cause.status === 401,
    why: `${message}: ${what instanceof Error ? what.message : String(what)}`,
    remedy:
      typeof hint === 'string' ? `${hint.charAt(0).toUpperCase()}${hint.slice(1)}` : 'See the log of the provider',
  };
}

/** Codes that a manager retries, and that do not make it give up on VMs (ADR 9). */
export function faultOf({ isRefused, why, remedy }: Missing): Fault {
  const text = { subject: 'provider', why: `PVE has not been reached since the start: ${why}`, remedy };
  return new Fault(isRefused ? 'unauthenticated' : 'busy', text);
}
