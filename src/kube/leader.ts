// Which of several managers works: the one that holds the Lease, as all of Kubernetes decides it. Whoever holds it renews it and
// stops working when it could not for some time, which is shorter than the others wait before they take it.
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import type { KubeApi } from './api.ts';
import { leaseHolder } from './lease-holder.ts';
import { keyText } from './object.ts';

export interface Leadership {
  /** Resolves once we lead, and never if that does not come. */
  readonly acquired: Promise<void>;
  /** Aborted when somebody else may lead: nothing may be changed any more. It does not come back. */
  readonly lost: AbortSignal;
  /** By the time itself: `lost` comes late in a process that was held up. To be asked right before what must not happen twice. */
  leads(): boolean;
  /** Lets the next one lead at once; to be called when nothing is changed any more. */
  release(): Promise<void>;
}

export interface LeadOptions {
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Nobody else's. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** So long others leave a Lease alone that is not renewed; whole seconds count. 15 s where absent. */
  readonly leaseMs?: number;
  /** So long we lead after a renewal was sent; shorter than `leaseMs`. 10 s where absent. */
  readonly renewDeadlineMs?: number;
  /** Between two looks at the Lease. 2 s where absent. */
  readonly retryMs?: number;
  readonly random?: () => number;
}

export function lead(api: KubeApi, options: LeadOptions): Leadership {
  const { clock, log, identity, leaseMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2000 } = options;
  const { random = Math.random } = options;
  const lease = keyText(options);
  const holder = leaseHolder(api, { ...options, leaseMs, lookMs: renewDeadlineMs / 2 });
  const ended = new AbortController();
  const lost = new AbortController();
  const acquired = Promise.withResolvers<void>();
  /** Undefined: we have not led yet. */
  let leadsUntil: number | undefined;
  let cancelAlarm = (): void => {};

  const running = run();
  return {
    acquired: acquired.promise,
    lost: lost.signal,
    leads,
    release: async () => {
      ended.abort();
      await running;
      cancelAlarm();
      if (leads()) await holder.giveUp();
    },
  };

  async function run(): Promise<void> {
    const over = AbortSignal.any([ended.signal, lost.signal]);
    while (!over.aborted) {
      const sentAt = clock.now();
      judge(await holder.hold(), sentAt + renewDeadlineMs);
      // As in client-go: who waits looks now and then, who leads in time.
      const pauseMs = leadsUntil === undefined ? retryMs * (1 + 1.2 * random()) : retryMs;
      await clock.sleep(pauseMs, over).catch(() => {});
    }
  }

  function judge(found: 'ours' | 'others' | 'unknown', end: number): void {
    const hasLed = leadsUntil !== undefined;
    if (hasLed && !leads()) return;
    if (hasLed && found === 'others') lose('somebody else holds it');
    // An answer that took longer than it counts for says nothing.
    if (found === 'ours' && clock.now() < end) leadUntil(end);
  }

  function leadUntil(end: number): void {
    const isFirst = leadsUntil === undefined;
    leadsUntil = end;
    cancelAlarm();
    cancelAlarm = clock.after(end - clock.now(), () => void leads());
    if (!isFirst) return;
    log.info('leading', { lease, identity });
    acquired.resolve();
  }

  function leads(): boolean {
    if (leadsUntil === undefined || lost.signal.aborted) return false;
    // A timer may be a moment early.
    if (clock.now() >= leadsUntil - 1) lose(`it could not be renewed for ${renewDeadlineMs / 1000} s`);
    return !lost.signal.aborted;
  }

  function lose(why: string): void {
    cancelAlarm();
    log.error('leadership lost', { lease, why });
    lost.abort(new Error(`Lease ${lease}: leadership lost: ${why}`));
  }
}
