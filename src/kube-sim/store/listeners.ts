// Who is told of something. One that fails keeps nobody else from being told.
import type { Logger } from '#runtime/log';

export interface Listeners<T extends readonly unknown[]> {
  /** The result ends that. */
  readonly add: (listener: (...told: T) => void) => () => void;
  readonly tell: (...told: T) => void;
}

/** @param what they are told of, for the log */
export function createListeners<T extends readonly unknown[] = []>(logger: Logger, what: string): Listeners<T> {
  const listeners = new Set<(...told: T) => void>();
  return {
    add: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell: (...told) => {
      for (const listener of listeners) {
        try {
          listener(...told);
        } catch (error) {
          logger.error(`what follows from ${what} has failed`, { error });
        }
      }
    },
  };
}
