// A Kubernetes API by the programs that have it in every cluster: etcd, kube-apiserver with RBAC, and of kube-controller-manager
// what collects garbage, ends namespaces and makes pods of Deployments. There are no nodes: no pod ever starts by itself.
import { generateKeyPairSync } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Asked, AUDIT_POLICY, readAudit } from './audit.ts';
import { runKubectl, type Told } from './kubectl.ts';
import { until } from './until.ts';

/** Of its source, for `buildGo`. */
export const KUBE_APISERVER_SOURCE = join(import.meta.dirname, 'kube-apiserver');

export interface KubeApiserver {
  readonly port: number;
  /** File; whoever logs in by it may do everything. */
  readonly kubeconfig: string;
  /** File; PEM. */
  readonly ca: string;
  /** As whoever may do everything. */
  kubectl(args: readonly string[], stdin?: string): Promise<Told>;
  /** Writes a kubeconfig for whom the token is of, and gives its path. */
  login(name: string, token: string): string;
  /** All that was asked for so far, also what was refused. */
  audit(): readonly Asked[];
  /** Those of kinds that are installed later it would hear of after half a minute only. */
  startControllers(): Promise<void>;
  stop(): Promise<void>;
}

const CONTROLLERS = [
  'namespace-controller',
  'garbage-collector-controller',
  'serviceaccount-controller',
  'deployment-controller',
  'replicaset-controller',
];
const ADMIN_TOKEN = 'of-whoever-may-do-everything';

export async function startKubeApiserver(binary: string): Promise<KubeApiserver> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-apiserver-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const part = (args: readonly string[]): ChildProcess => {
    const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stderr?.pipe(createWriteStream(join(folder, `${args[0]}.log`)));
    return child;
  };
  const etcd = part(['etcd', join(folder, 'etcd')]);
  const [etcdPort] = (await once(createInterface(etcd.stdout as NodeJS.ReadableStream), 'line')) as [string];
  const port = await freePort();
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = file('accounts.key', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  const auditLog = join(folder, 'audit.log');
  const ca = join(folder, 'certificates', 'apiserver.crt');
  const apiserver = part([
    'kube-apiserver',
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--token-auth-file=${file('tokens.csv', `${ADMIN_TOKEN},admin,admin,system:masters\n`)}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--authorization-mode=RBAC',
    // As clusters have it where several people share them.
    '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
    `--audit-policy-file=${file('audit.yaml', AUDIT_POLICY)}`,
    `--audit-log-path=${auditLog}`,
  ]);
  const login = (name: string, token: string): string => file(name, kubeconfigFor(port, ca, token));
  const kubeconfig = login('kubeconfig', ADMIN_TOKEN);
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
  const kubectl: KubeApiserver['kubectl'] = async (args, stdin = '') => await runKubectl(args, stdin, env);
  await until(
    async () => await kubectl(['get', '--raw', '/readyz']),
    ({ stdout }) => {
      if (apiserver.exitCode !== null) throw new Error(`kube-apiserver has ended: ${folder}/kube-apiserver.log`);
      return stdout === 'ok';
    },
  );
  const parts = [etcd, apiserver];
  return {
    port,
    kubeconfig,
    ca,
    kubectl,
    login,
    audit: () => readAudit(auditLog),
    startControllers: async () => {
      parts.push(
        part([
          'kube-controller-manager',
          `--kubeconfig=${kubeconfig}`,
          `--controllers=${CONTROLLERS.join(',')}`,
          `--service-account-private-key-file=${key}`,
          '--leader-elect=false',
          '--secure-port=0',
        ]),
      );
      // Pods have it for an account; the controllers are at work then.
      await until(
        async () => await kubectl(['get', 'serviceaccount', 'default']),
        ({ exit }) => exit === 0,
      );
    },
    stop: async () => {
      for (const one of parts.toReversed()) await end(one);
      rmSync(folder, { recursive: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}

/** Nobody else takes it in the moment until it is taken: at least nobody has yet. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function kubeconfigFor(port: number, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'own', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': ca } }],
    users: [{ name: 'login', user: { token } }],
    contexts: [{ name: 'own', context: { cluster: 'own', user: 'login', namespace: 'default' } }],
    'current-context': 'own',
  });
}
