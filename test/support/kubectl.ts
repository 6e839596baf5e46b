// The real kubectl, where there is one.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What it said and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Its path, where there is one. */
export const kubectlProgram = find();

/** Tests that need it skip. */
export const hasKubectl = kubectlProgram !== undefined;

export interface Kubectl {
  /** `args` with `stdin`. */
  run(args: readonly string[], stdin?: string): Promise<Outcome>;
  /** Takes its caches away. */
  remove(): void;
}

/** With caches of its own. `server` are the arguments that say where the API is. */
export function kubectl(server: readonly string[]): Kubectl {
  const home = mkdtempSync(join(tmpdir(), 'kubectl-'));
  const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'none') };
  return {
    run: (args, stdin = '') => run([...server, ...args], stdin, env, home),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

function run(args: readonly string[], stdin: string, env: NodeJS.ProcessEnv, cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(kubectlProgram ?? 'kubectl', args, { env, cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
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
