// The server of Kubernetes that serves custom resources, built from Go modules, and the real kubectl to ask it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runKubectl, type Told } from './kubectl.ts';

export interface CrdServer {
  /** Runs kubectl against the server; `stdin` is what `-f -` reads. */
  kubectl(args: readonly string[], stdin?: string): Promise<Told>;
  stop(): Promise<void>;
}

export async function startCrdServer(binary: string): Promise<CrdServer> {
  const folder = mkdtempSync(join(tmpdir(), 'crd-server-'));
  const server = spawn(binary, [folder], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [port] = (await once(createInterface(server.stdout), 'line')) as [string];
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(Number(port)));
  const environment = { ...process.env, KUBECONFIG: kubeconfig, HOME: folder };
  return {
    kubectl: async (args, stdin = '') => await runKubectl(args, stdin, environment),
    stop: async () => {
      server.stdin.end();
      await once(server, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

function kubeconfigFor(port: number): string {
  const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'crds', cluster }],
    // The server asks nobody who they are, but kubectl would.
    users: [{ name: 'anybody', user: { token: 'any' } }],
    contexts: [{ name: 'crds', context: { cluster: 'crds', user: 'anybody', namespace: 'default' } }],
    'current-context': 'crds',
  });
}
