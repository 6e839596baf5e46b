// A terminal as a user has it: bash, kubectl, the kubeconfig of an API of its own, and a folder with manifests.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubectlProgram, type Outcome } from '../support/kubectl.ts';
import { startTestApi, type TestApi } from './api-client.ts';

const MANIFESTS = join(import.meta.dirname, 'manifests');
const LIMIT_MS = 30_000;

export interface Shell {
  readonly api: TestApi;
  /** A line of bash. */
  run(line: string): Promise<Outcome>;
  close(): Promise<void>;
}

export async function openShell(): Promise<Shell> {
  const api = await startTestApi();
  const home = mkdtempSync(join(tmpdir(), 'kube-shell-'));
  const [bin, cwd, tmp] = ['bin', 'manifests', 'tmp'].map((name) => join(home, name)) as [string, string, string];
  mkdirSync(bin);
  mkdirSync(tmp);
  symlinkSync(kubectlProgram ?? 'kubectl', join(bin, 'kubectl'));
  cpSync(MANIFESTS, cwd, { recursive: true });
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: home, TMPDIR: tmp, KUBECONFIG: api.sim.kubeconfig };
  return {
    api,
    run: async (line) => await bash(line, env, cwd),
    close: async () => {
      await api.close();
      rmSync(home, { recursive: true });
    },
  };
}

function bash(line: string, env: NodeJS.ProcessEnv, cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile('bash', ['-c', line], { env, cwd, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end();
  });
}
