// Which Events are told, which are counted, and which are too many. As client-go does it, so that `kubectl describe` looks like
// everywhere else: the same Event again is counted, many of one reason become one, and who says too much is not heard.
import type { KubeObject } from './object.ts';

export type EventType = 'Normal' | 'Warning';

export interface Occurrence {
  readonly object: KubeObject;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  /** Ms since the epoch */
  readonly at: number;
}

/** An Event as it is in the API. */
export interface Written {
  readonly name: string;
  readonly count: number;
}

/** What an occurrence comes to: an Event, or one more of the one that is there. */
export interface Entry extends Occurrence {
  /** Undefined: there is none yet. */
  readonly before: Written | undefined;
  /** What is there now, for the next one of its kind. */
  keep(now: Written): void;
}

export interface EventSeries {
  /** Undefined: it is not told. */
  enter(occurrence: Occurrence): Entry | undefined;
}

/** So many different messages of one reason, each within ten minutes of the one before it, are told one by one. */
const MOST_ALIKE = 10;
const ALIKE_MS = 600_000;
/** Of one object: so many at once, then one in five minutes. */
const BURST = 25;
const REFILL_MS = 300_000;
/** The longest unused are forgotten beyond that many of each. */
const MOST_KEPT = 4096;

export function eventSeries(): EventSeries {
  const alike = recent<{ readonly messages: Set<string>; at: number }>();
  const written = recent<Written>();
  const budgets = recent<{ tokens: number; at: number }>();

  function mergedMessage(occurrence: Occurrence, key: string): { readonly message: string; readonly series: string } {
    const { message, at } = occurrence;
    const before = alike.get(key);
    const group = before === undefined || at - before.at > ALIKE_MS ? { messages: new Set<string>(), at } : before;
    group.at = at;
    if (group.messages.size < MOST_ALIKE || group.messages.has(message)) {
      group.messages.add(message);
      alike.set(key, group);
      return { message, series: JSON.stringify([key, message]) };
    }
    alike.set(key, group);
    return { message: `(combined from similar events): ${message}`, series: key };
  }

  function isWithinBudget({ object, at }: Occurrence): boolean {
    const key = objectKey(object);
    const before = budgets.get(key) ?? { tokens: BURST, at };
    const tokens = Math.min(BURST, before.tokens + (at - before.at) / REFILL_MS);
    const isEnough = tokens >= 1;
    budgets.set(key, { tokens: isEnough ? tokens - 1 : tokens, at });
    return isEnough;
  }

  return {
    enter: (occurrence) => {
      const { object, type, reason } = occurrence;
      const { message, series } = mergedMessage(occurrence, JSON.stringify([objectKey(object), type, reason]));
      if (!isWithinBudget(occurrence)) return undefined;
      return { ...occurrence, message, before: written.get(series), keep: (now) => written.set(series, now) };
    },
  };
}

function objectKey({ kind, metadata: { namespace, name, uid } }: KubeObject): string {
  return JSON.stringify([kind, namespace, name, uid]);
}

interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

function recent<T>(): Recent<T> {
  const values = new Map<string, T>();
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > MOST_KEPT && oldest !== undefined) values.delete(oldest);
    },
  };
}
