// The manager as the program that is shipped, in a process of its own: what can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The bundle: the same from its source has to strip the types first. */
const BUNDLE = join(import.meta.dirname, '../../dist/virtrigaud-manager.mjs');

export interface ManagerProcess {
  readonly pid: number;
  /** Its output so far, line by line. */
  readonly lines: readonly string[];
  /** Resolves when a line has this in it; rejects with all lines where the process ends before. */
  said(words: string): Promise<void>;
  /** At once, from wherever it is called. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

export const SERVES = 'serving the Kubernetes API';
export const WORKS = 'The controllers are at work';

export function startManagerProcess(args: readonly string[]): ManagerProcess {
  const child = spawn(process.execPath, [BUNDLE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const hear = (stream: ChildProcess['stdout']): void => {
    if (stream === null) throw new Error('the process has no output');
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener();
    });
  };
  hear(child.stdout);
  hear(child.stderr);
  const ended = once(child, 'close').then(() => undefined);
  return {
    pid: child.pid ?? 0,
    lines,
    ended,
    kill: (signal) => void child.kill(signal),
    said: async (words) => {
      const said = Promise.withResolvers<void>();
      const look = (): void => void (lines.some((line) => line.includes(words)) && said.resolve());
      listeners.add(look);
      look();
      void ended.then(() => said.reject(new Error(`the manager has ended:\n${lines.join('\n')}`)));
      await said.promise.finally(() => listeners.delete(look));
    },
  };
}

/** Resident memory at its most, MiB. */
export function peakMib(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

/** Seconds of a core that a process has had. Linux counts in hundredths. */
export function cpuSeconds(pid: number): number {
  // Its name, in brackets, may have spaces in it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
