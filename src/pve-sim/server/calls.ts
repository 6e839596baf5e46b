// The API calls that are being worked on, by the node that does it: a power cut ends them (pve-behaviour 1.5).
import { releaseAll } from '../locks/locks.ts';
import type { Pace } from '../pace.ts';
import { type ControlledProcess, createProcess, type Process } from '../process.ts';

export interface Calls {
  /** Does a call's work as a process of `node`. Never settles where the node loses its power meanwhile. */
  run<T>(node: string, work: (process: Process) => T | Promise<T>): Promise<T>;
  /** SIGKILL to every call that a node works on. */
  killAll(node: string): void;
}

export function createCalls(pace: Pace): Calls {
  const running = new Map<ControlledProcess, string>();
  return {
    run: async (node, work) => {
      const process = createProcess(pace, node);
      running.set(process, node);
      try {
        return await work(process);
      } finally {
        running.delete(process);
        releaseAll(process);
        if (process.dead) await new Promise<never>(() => {});
      }
    },
    killAll: (node) => {
      for (const [process, where] of running) if (where === node) process.kill();
    },
  };
}
