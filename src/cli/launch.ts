// Other programs of this project, started beside a command and stopped with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface LaunchOptions<T> {
  /** Path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a line of its output tells once it serves; undefined for every other line. */
  readonly readyIn: (line: string) => T | undefined;
  /** Gets every line of its output. */
  readonly onLine?: (line: string) => void;
}

export interface Launched<T> {
  readonly ready: T;
  /** Resolves when the program has ended, by itself or by `stop`. */
  readonly ended: Promise<void>;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
}

/** Rejects with what the program said last where it ends before it serves. */
export async function launch<T>(options: LaunchOptions<T>): Promise<Launched<T>> {
  const child = spawn(process.execPath, [options.program, ...options.args], {
    env: options.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => undefined);
  const ready = await readyLine(child, options);
  return {
    ready,
    ended,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

async function readyLine<T>(child: ChildProcess, { program, readyIn, onLine }: LaunchOptions<T>): Promise<T> {
  if (child.stdout === null) throw new Error(`${program} has no output`);
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    let last = 'it said nothing';
    lines.on('line', (line) => {
      last = line;
      onLine?.(line);
      const ready = readyIn(line);
      if (ready !== undefined) resolve(ready);
    });
    child.once('error', reject);
    lines.once('close', () => reject(new Error(`${program} has ended: ${last}`)));
  });
}
