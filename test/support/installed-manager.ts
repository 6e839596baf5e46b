// A real Kubernetes API with our CRDs and `deploy/`, and the login of the account that the manager has there.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildGo } from './go.ts';
import { type PodOptions, type PodProgram, startInPod } from './in-pod.ts';
import { KUBE_APISERVER_SOURCE, type KubeApiserver, startKubeApiserver } from './kube-apiserver.ts';
import { kubectlProgram } from './kubectl.ts';

const root = join(import.meta.dirname, '../..');

export const ACCOUNT = 'system:serviceaccount:virtrigaud-system:virtrigaud-manager';

export interface InstalledManager {
  readonly kube: KubeApiserver;
  /** Of the account. */
  readonly token: string;
}

/** The first time it takes as long as the build: some minutes. @returns the program, or why it cannot be had on this machine */
export function buildKubeApiserver(): { readonly binary: string } | { readonly missing: string } {
  if (kubectlProgram === undefined) return { missing: 'there is no kubectl on this machine' };
  return buildGo(KUBE_APISERVER_SOURCE, 'kube-apiserver');
}

export async function installManager(binary: string): Promise<InstalledManager> {
  const kube = await startKubeApiserver(binary);
  const crds = globSync('crds/*.yaml', { cwd: root }).flatMap((file) => ['-f', join(root, file)]);
  await must(kube, ['create', '--validate=strict', ...crds]);
  await must(kube, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  await kube.startControllers();
  await must(kube, ['create', '--validate=strict', '-f', join(root, 'deploy/manager.yaml')]);
  const token = await must(kube, ['-n', 'virtrigaud-system', 'create', 'token', 'virtrigaud-manager']);
  return { kube, token: token.trim() };
}

const ACCOUNT_FILES = '/run/secrets/kubernetes.io/serviceaccount';

/** The program with what Kubernetes gives to every pod of an account. */
export function startManagerPod(
  { kube, token }: InstalledManager,
  pod: Pick<PodOptions, 'folder' | 'hosts' | 'args'>,
): PodProgram {
  return startInPod({
    ...pod,
    files: {
      [`${ACCOUNT_FILES}/token`]: token,
      [`${ACCOUNT_FILES}/ca.crt`]: readFileSync(kube.ca, 'utf8'),
      [`${ACCOUNT_FILES}/namespace`]: 'virtrigaud-system',
    },
    program: 'virtrigaud-manager.mjs',
    env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(kube.port) },
  });
}

/** Gives what it says; throws where it fails, or warns. */
export async function must(kube: KubeApiserver, args: readonly string[], stdin = ''): Promise<string> {
  const { exit, stdout, stderr } = await kube.kubectl(args, stdin);
  if (exit !== 0 || stderr !== '') throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
