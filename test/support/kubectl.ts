// The real kubectl, where there is one.
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Its path. Tests that need it skip without it. */
export const kubectlProgram = find();

/** What a command said and how it ended. */
export interface Told {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `stdin` is what `-f -` reads. */
export async function runKubectl(args: readonly string[], stdin: string, env: NodeJS.ProcessEnv): Promise<Told> {
  return await new Promise((resolve) => {
    const child = execFile(
      kubectlProgram ?? 'kubectl',
      args,
      { env, timeout: 120_000, maxBuffer: 64 * 1024 ** 2 },
      (error, stdout, stderr) => {
        const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ exit, stdout, stderr });
      },
    );
    child.stdin?.end(stdin);
  });
}

/** A wrapper that picks one by the server's version is passed over for what lies beside it. */
function find(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, 'kubectl');
    if (!existsSync(file)) continue;
    const beside = `${realpathSync(file)}.1.32`;
    return existsSync(beside) ? beside : file;
  }
  return undefined;
}
