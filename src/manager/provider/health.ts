// Whether the provider answers, and what it says of PVE: asked now and then, written where it changes.
import { Fault } from '#domain/fault';
import type { HealthWish } from '#domain/provider-wish';
import type { ProviderClient } from '#rpc/client';
import { type PveHealth, readPveHealth } from '#rpc/pve-health';
import type { Clock } from '#runtime/clock';
import type { Phase, Visit } from '../work/controller.ts';
import { again, DONE, type Outcome } from '../work/outcome.ts';
import { refOf, wishOf } from './wish.ts';

/** Ms: so soon it is looked again at what is not well. */
const SOON_MS = 5_000;

interface Seen extends Omit<PveHealth, 'reason'> {
  readonly reason: PveHealth['reason'] | 'NoAnswer';
  readonly answers: boolean;
}

/** What is remembered of one provider process between visits. */
interface Record {
  readonly seen: Seen;
  /** Program time of the last look. */
  readonly at: number;
  readonly failures: number;
  readonly successes: number;
  readonly isHealthy: boolean;
}

export function watchHealth(clock: Clock): Phase {
  const records = new WeakMap<ProviderClient, Record>();
  return async (visit) => {
    const { object, world } = visit;
    const { health } = wishOf(object);
    const client = world.providers.clientOf(refOf(object));
    if (client === undefined) return DONE;
    if (!health.isLookedAt) return notLookedAt(visit);
    const known = records.get(client);
    const dueInMs = known?.isHealthy === true ? known.at + health.everyMs - clock.now() : 0;
    if (known !== undefined && dueInMs > 0) return tell(visit, known, dueInMs);
    const record = judge(await look(visit, client, health), known, health, clock.now());
    records.set(client, record);
    return tell(visit, record, record.seen.isHealthy ? health.everyMs : Math.min(SOON_MS, health.everyMs));
  };
}

async function look({ signal }: Visit, client: ProviderClient, { patienceMs }: HealthWish): Promise<Seen> {
  try {
    return { ...readPveHealth(await client.validate({}, { deadlineMs: patienceMs, signal })), answers: true };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const message = `The provider does not answer: ${error.message}`;
    return { version: undefined, isHealthy: false, reason: 'NoAnswer', message, answers: false };
  }
}

/** As many failures as its author allows make it unhealthy; the first word of all is believed at once. */
function judge(
  seen: Seen,
  before: Record | undefined,
  { failures: most, successes: least }: HealthWish,
  at: number,
): Record {
  const failures = seen.isHealthy ? 0 : (before?.failures ?? 0) + 1;
  const successes = seen.isHealthy ? (before?.successes ?? 0) + 1 : 0;
  const isHealthy = before === undefined ? seen.isHealthy : before.isHealthy ? failures < most : successes >= least;
  return { seen, failures, successes, isHealthy, at };
}

function tell(visit: Visit, { seen, isHealthy }: Record, againMs: number): Outcome {
  const { status, world } = visit;
  const { reason, message, version, answers } = seen;
  // A failure that does not count yet is not told: neither is it well.
  if (isHealthy && !seen.isHealthy) return again(againMs / 1000);
  const before = status.condition('Healthy');
  status.fields['healthy'] = isHealthy;
  if (version !== undefined) status.fields['version'] = version;
  status.setCondition('Healthy', isHealthy ? 'True' : 'False', reason, message);
  status.setCondition(
    'ProviderAvailable',
    answers ? 'True' : 'False',
    answers ? 'RemoteAvailable' : reason,
    answers ? 'The provider answers.' : message,
  );
  if (before?.status !== (isHealthy ? 'True' : 'False') || before.reason !== reason) {
    visit.tell(isHealthy ? 'Normal' : 'Warning', reason, message);
  }
  noteTime(status.fields, status.patch() !== undefined, world.clock.realNow());
  return again(againMs / 1000);
}

/** Ms: a time that is older than that is written, though nothing else is new. */
const OLDEST_NOTE_MS = 300_000;

/** Every write is sent to all that watch, so a mere look is none. */
function noteTime(fields: Visit['status']['fields'], isWrittenAnyway: boolean, nowMs: number): void {
  const { lastHealthCheck: before } = fields;
  const noted = Date.parse(typeof before === 'string' ? before : '');
  if (isWrittenAnyway || !(nowMs - noted < OLDEST_NOTE_MS)) {
    fields['lastHealthCheck'] = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  }
}

function notLookedAt({ status }: Visit): Outcome {
  status.fields['healthy'] = undefined;
  status.setCondition('Healthy', 'Unknown', 'NotLookedAt', 'spec.healthCheck.enabled is false.');
  return DONE;
}
