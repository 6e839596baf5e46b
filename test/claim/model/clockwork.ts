// Discrete time for the model of the protocol: actors that sleep and ask, one event after the other, drawn from a seed.
// An actor is a generator; what it asks for is carried out at a moment of its own, whether or not the actor still lives.

/** What an actor waits for: so many ms, or the answer to a question that is carried out on its way. */
export type Wait = { readonly sleep: number } | Question;

export interface Question {
  readonly ask: () => unknown;
  /** Looked at when the question is about to be sent; false: it is not sent, and answered `too-late`. */
  readonly maySend?: (() => boolean) | undefined;
}

export type Actor<T> = Generator<Wait, T, unknown>;

/** The way of one question: ms before it is sent, until it is carried out, and until its answer is there. */
export interface Way {
  readonly pause: number;
  readonly there: number;
  readonly back: number;
  /** `request`: it never arrives. `answer`: it is carried out, and the actor hears nothing but that nothing came. */
  readonly lost: 'request' | 'answer' | undefined;
}

/** The connection was cut, or its time-out is over: carried out or not, now or later. */
export const LOST = Symbol('lost');
/** The call of the asking run was over. */
export const TOO_LATE = Symbol('too late');
export type NoAnswer = typeof LOST | typeof TOO_LATE;

export interface Life {
  readonly isAlive: boolean;
  kill(): void;
}

export interface Clockwork {
  /** ms since the schedule began. */
  readonly now: number;
  readonly steps: number;
  /** Starts an actor after `delay` ms. @param ended gets what it returns, if it is not killed before. */
  start<T>(actor: Actor<T>, delay: number, ended?: (result: T) => void): Life;
  at(delay: number, event: () => void): void;
  /** Until nothing is left to happen. False where that takes more steps than `limit`. */
  run(limit: number): boolean;
}

/** @param way draws how the next question fares. */
export function createClockwork(way: () => Way): Clockwork {
  const events = createAgenda();
  let now = 0;
  let steps = 0;

  function start<T>(actor: Actor<T>, delay: number, ended?: (result: T) => void): Life {
    let isAlive = true;
    const resume = (value: unknown): void => {
      if (!isAlive) return;
      const { done, value: wait } = actor.next(value);
      if (done === true) {
        isAlive = false;
        ended?.(wait);
      } else if ('sleep' in wait) events.add(now + wait.sleep, () => resume(undefined));
      else carry(wait, () => isAlive, resume);
    };
    events.add(now + delay, () => resume(undefined));
    return {
      get isAlive() {
        return isAlive;
      },
      kill: () => {
        isAlive = false;
      },
    };
  }

  function carry({ ask, maySend }: Question, isAlive: () => boolean, answer: (value: unknown) => void): void {
    const { pause, there, back, lost } = way();
    events.add(now + pause, () => {
      if (!isAlive()) return;
      if (maySend?.() === false) return answer(TOO_LATE);
      // From here on it is on its way, and no longer its actor's.
      events.add(now + there, () => {
        const value = lost === 'request' ? LOST : ask();
        if (lost === undefined) events.add(now + back, () => answer(value));
      });
      if (lost !== undefined) events.add(now + back, () => answer(LOST));
    });
  }

  return {
    get now() {
      return now;
    },
    get steps() {
      return steps;
    },
    start,
    at: (delay, event) => events.add(now + delay, event),
    run: (limit) => {
      for (;;) {
        const next = events.next();
        if (next === undefined) return true;
        if (steps === limit) return false;
        steps += 1;
        now = next.at;
        next.event();
      }
    },
  };
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly event: () => void;
}

/** Events by their time, and of one time by their order: a binary heap. */
function createAgenda(): { add: (at: number, event: () => void) => void; next: () => Event | undefined } {
  const heap: Event[] = [];
  let order = 0;
  const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  const put = (index: number, entry: Event): void => void (heap[index] = entry);

  function rise(from: number, entry: Event): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      put(index, parent);
      index = above;
    }
    put(index, entry);
  }

  function sink(entry: Event): void {
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      let child = heap[below];
      if (child === undefined) break;
      const other = heap[below + 1];
      if (other !== undefined && isBefore(other, child)) {
        child = other;
        below += 1;
      }
      if (!isBefore(child, entry)) break;
      put(index, child);
      index = below;
    }
    put(index, entry);
  }

  return {
    add: (at, event) => {
      order += 1;
      rise(heap.length, { at, order, event });
    },
    next: () => {
      const first = heap[0];
      const last = heap.pop();
      if (first !== undefined && last !== undefined && first !== last) sink(last);
      return first;
    },
  };
}
