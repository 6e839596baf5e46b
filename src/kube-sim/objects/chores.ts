// What the server does by itself, between requests: a step at a time, so that nobody waits for a namespace of thousands.
import type { Logger } from '#runtime/log';

/** Yields after each write. */
export type Chore = () => Generator<void, void>;

export interface Chores {
  add(name: string, chore: Chore): void;
  /** Nothing is left to do. */
  idle(): Promise<void>;
  stop(): void;
}

export function createChores(log: Logger): Chores {
  const queue: { readonly name: string; readonly steps: Generator<void, void> }[] = [];
  const waiting: (() => void)[] = [];
  let isRunning = false;
  let isStopped = false;

  const next = (): void => {
    const [chore] = queue;
    if (chore === undefined || isStopped) {
      isRunning = false;
      for (const done of waiting.splice(0)) done();
      return;
    }
    if (isOver(chore.steps, chore.name)) queue.shift();
    setImmediate(next);
  };
  const isOver = (steps: Generator<void, void>, name: string): boolean => {
    try {
      return steps.next().done === true;
    } catch (error) {
      log.error('a chore has failed', { chore: name, error });
      return true;
    }
  };
  return {
    add: (name, chore) => {
      queue.push({ name, steps: chore() });
      if (isRunning || isStopped) return;
      isRunning = true;
      setImmediate(next);
    },
    idle: async () => {
      if (isRunning) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    stop: () => {
      isStopped = true;
    },
  };
}
