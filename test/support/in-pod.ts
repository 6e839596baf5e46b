// A program with the files and the names that it would have in a pod, in a mount namespace of its own: nothing outside changes.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './until.ts';

export interface PodOptions {
  /** Empty, for what the program's file system has more than this machine's. */
  readonly folder: string;
  /** By path below /etc or /run. */
  readonly files: Readonly<Record<string, string>>;
  /** Names of this machine, as far as the program sees. */
  readonly hosts?: readonly string[];
  /** A bundle of ours. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface PodProgram {
  /** Its output so far, line by line. */
  readonly lines: readonly string[];
  /** Resolves when a line has this in it; rejects with all lines where the program has ended. */
  said(words: string): Promise<void>;
  /** Nothing of it goes on, and it hears nothing, until it is woken up. */
  sleep(): void;
  wake(): void;
  /** Resolves with its exit code. */
  end(): Promise<number | null>;
}

/** Why there can be none on this machine. */
export function whyNoPods(): string | undefined {
  try {
    execFileSync('unshare', ['-rm', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'this machine gives nobody a mount namespace of their own';
  }
}

/** Other files of /etc are as they are; of /run there are none. */
const SCRIPT = `set -e
mkdir -p "$0/upper" "$0/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/upper,workdir=$0/work" /etc
mount -t tmpfs none /run
cp -R "$0/files/etc/." /etc
[ ! -d "$0/files/run" ] || cp -R "$0/files/run/." /run
exec "$@"`;

export function startInPod({ folder, files, hosts = [], program, args, env }: PodOptions): PodProgram {
  const names = hosts.map((name) => `127.0.0.1 ${name}\n`).join('');
  const all = { '/etc/hosts': `${readFileSync('/etc/hosts', 'utf8')}\n${names}`, ...files };
  for (const [path, text] of Object.entries(all)) {
    const file = join(folder, 'files', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const command = [process.execPath, join(import.meta.dirname, '../../dist', program), ...args];
  const child = spawn('unshare', ['-rm', 'sh', '-c', SCRIPT, folder, ...command], {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = linesOf(child);
  return {
    lines,
    said: async (words) => {
      await until(
        async () => await Promise.resolve(lines.some((line) => line.includes(words))),
        (isSaid) => {
          if (child.exitCode !== null) throw new Error(`the program has ended:\n${lines.join('\n')}`);
          return isSaid;
        },
      );
    },
    sleep: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    end: async () => await end(child),
  };
}

function linesOf({ stdout, stderr }: ChildProcess): readonly string[] {
  const lines: string[] = [];
  for (const stream of [stdout, stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  return lines;
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return child.exitCode;
}
