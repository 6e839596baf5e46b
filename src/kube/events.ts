// Events of objects, as `kubectl describe` shows them. They are told on the side: nobody waits for them, and nothing fails
// because one could not be told.
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { isReason, type KubeApi } from './api.ts';
import { backOffMs } from './back-off.ts';
import { type Entry, type EventType, eventSeries, type Occurrence } from './event-series.ts';
import { writeEvent } from './event-object.ts';
import type { KubeObject } from './object.ts';

export interface EventRecorder {
  /** Returns at once, and never throws. */
  event(object: KubeObject, type: EventType, reason: string, message: string): void;
  /** Tells what it was given by now, for two seconds at most. */
  stop(): Promise<void>;
}

export interface EventRecorderOptions {
  /** Who tells it: `virtrigaud-manager`. */
  readonly component: string;
  /** Which of those. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const MOST_WAITING = 1000;
const MOST_TRIES = 12;
const STOP_MS = 2000;
const LONGEST_MESSAGE = 1024;

export function createEventRecorder(api: KubeApi, options: EventRecorderOptions): EventRecorder {
  const { clock, log } = options;
  const waiting: Occurrence[] = [];
  const series = eventSeries();
  const stopped = new AbortController();
  let isTelling = false;
  let telling = Promise.resolve();

  async function tellAll(): Promise<void> {
    isTelling = true;
    for (let next = waiting.shift(); next !== undefined && !stopped.signal.aborted; next = waiting.shift()) {
      const entry = series.enter(next);
      if (entry !== undefined) await tell(entry);
    }
    isTelling = false;
  }

  /** Again and again where the server is away, but not for ever. */
  async function tell(entry: Entry): Promise<void> {
    for (let tries = 1; !stopped.signal.aborted; tries++) {
      try {
        entry.keep(await writeEvent(api, options, entry));
        return;
      } catch (error) {
        if (isReason(error, 'Unreachable') && tries < MOST_TRIES) {
          await clock.sleep(backOffMs(tries, Math.random), stopped.signal).catch(() => {});
          continue;
        }
        log.debug('an Event was not told', { reason: entry.reason, text: entry.message, error });
        return;
      }
    }
  }

  return {
    event: (object, type, reason, message) => {
      if (waiting.length >= MOST_WAITING || stopped.signal.aborted) return;
      const at = clock.now();
      waiting.push({ object, type, reason, message: message.slice(0, LONGEST_MESSAGE), at });
      if (!isTelling) telling = tellAll();
    },
    stop: async () => {
      const cancel = clock.after(STOP_MS, () => stopped.abort());
      await telling;
      cancel();
      stopped.abort();
    },
  };
}
