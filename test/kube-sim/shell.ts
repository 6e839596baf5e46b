// A terminal as a user has it: bash, kubectl, the kubeconfig of an API of its own, and a folder with manifests.
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubectlProgram } from '../support/kubectl.ts';
import { startTestApi, type TestApi } from './api-client.ts';

const MANIFESTS = join(import.meta.dirname, 'manifests');
const LIMIT_MS = 30_000;

/** Node.js tells here what its HTTP servers have answered. */
const FINISHED = 'http.server.response.finish';

interface Answered {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a command said and how it ended. */
interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Shell {
  readonly api: TestApi;
  /** What the server has been asked and how it ended: `GET /openapi/v3 304`. */
  readonly asked: string[];
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
  const asked: string[] = [];
  const note = (message: unknown): void => {
    const { request, response } = message as Answered;
    asked.push(`${request.method} ${request.url?.split('?')[0]} ${response.statusCode}`);
  };
  subscribe(FINISHED, note);
  return {
    api,
    asked,
    run: async (line) => await bash(line, env, cwd),
    close: async () => {
      unsubscribe(FINISHED, note);
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
