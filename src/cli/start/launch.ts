// Other programs of this project, started beside a command and stopped with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface LaunchOptions<T> {
  /** What a person calls it. */
  readonly name: string;
  /** Path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a line of its output tells once it serves; undefined for every other line. */
  readonly readyIn: (line: string) => T | undefined;
  /** Gets every line of its output. */
  readonly onLine: (line: string) => void;
}

export interface Launched<T> {
  readonly ready: T;
  /** Resolves when the program has ended, by itself or by `stop`. */
  readonly ended: Promise<void>;
}

export interface Programs {
  /** Rejects where the program ends before it serves; what it said last has gone to `onLine` by then. */
  launch<T>(options: LaunchOptions<T>): Promise<Launched<T>>;
  /** Ends all of them, also those that do not serve yet, in the opposite order. */
  stop(): Promise<void>;
}

export function createPrograms(): Programs {
  const started: { child: ChildProcess; ended: Promise<void> }[] = [];
  return {
    launch: async (options) => {
      const child = spawn(process.execPath, [options.program, ...options.args], {
        env: options.environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = once(child, 'exit').then(() => undefined);
      started.push({ child, ended });
      return { ready: await readyLine(child, options), ended };
    },
    stop: async () => {
      for (const { child, ended } of started.toReversed()) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
        await ended;
      }
    },
  };
}

async function readyLine<T>(child: ChildProcess, { name, readyIn, onLine }: LaunchOptions<T>): Promise<T> {
  if (child.stdout === null || child.stderr === null) throw new Error(`${name} has no output`);
  const lines = createInterface({ input: child.stdout });
  const complaints: string[] = [];
  let isReady = false;
  createInterface({ input: child.stderr }).on('line', (line) => (isReady ? onLine(line) : complaints.push(line)));
  return await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      onLine(line);
      const ready = readyIn(line);
      if (ready === undefined) return;
      isReady = true;
      resolve(ready);
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error([`${name} has ended`, ...complaints].join(': '))));
  });
}
