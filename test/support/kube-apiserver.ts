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
  /** Of the same. */
  readonly token: string;
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
  /** Killed, and again at the same port with all that was written. It knows of no change from before. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const CONTROLLERS = [
  'namespace-controller',
  'garbage-collector-controller',
  'serviceaccount-controller',
  'deployment-controller',
  'replicaset-controller',
];
const CONTROLLER_FLAGS = [`--controllers=${CONTROLLERS.join(',')}`, '--leader-elect=false', '--secure-port=0'];
const ADMIN_TOKEN = 'of-whoever-may-do-everything';

export async function startKubeApiserver(binary: string): Promise<KubeApiserver> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-apiserver-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const etcd = startPart(binary, folder, ['etcd', join(folder, 'etcd')]);
  const [etcdPort] = (await once(createInterface(etcd.stdout as NodeJS.ReadableStream), 'line')) as [string];
  const port = await freePort();
  const ca = join(folder, 'certificates', 'apiserver.crt');
  const login = (name: string, token: string): string => file(name, kubeconfigFor(port, ca, token));
  const kubeconfig = login('kubeconfig', ADMIN_TOKEN);
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
  const kubectl: KubeApiserver['kubectl'] = async (args, stdin = '') => await runKubectl(args, stdin, env);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = file('accounts.key', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  const auditLog = join(folder, 'audit.log');
  const flags = [
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
  ];
  const serve = async (): Promise<ChildProcess> => {
    const child = startPart(binary, folder, ['kube-apiserver', ...flags]);
    const ready = async (): Promise<Told> => await kubectl(['get', '--raw', '/readyz']);
    await until(ready, ({ stdout }) => {
      if (child.exitCode !== null) throw new Error(`kube-apiserver has ended: ${folder}/kube-apiserver.log`);
      return stdout === 'ok';
    });
    return child;
  };
  let apiserver = await serve();
  let controllers: ChildProcess | undefined;
  return {
    port,
    kubeconfig,
    token: ADMIN_TOKEN,
    ca,
    kubectl,
    login,
    audit: () => readAudit(auditLog),
    startControllers: async () => {
      const own = [`--kubeconfig=${kubeconfig}`, `--service-account-private-key-file=${key}`];
      controllers = startPart(binary, folder, ['kube-controller-manager', ...own, ...CONTROLLER_FLAGS]);
      // Pods have it for an account; the controllers are at work then.
      await until(
        async () => await kubectl(['get', 'serviceaccount', 'default']),
        ({ exit }) => exit === 0,
      );
    },
    restart: async () => {
      await end(apiserver, 'SIGKILL');
      apiserver = await serve();
    },
    stop: async () => {
      for (const one of [controllers, apiserver, etcd]) if (one !== undefined) await end(one, 'in order');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Ends with this process, whatever becomes of that. */
function startPart(binary: string, folder: string, args: readonly string[]): ChildProcess {
  const child = spawn(binary, args, { stdio: ['pipe', args[0] === 'etcd' ? 'pipe' : 'ignore', 'pipe'] });
  child.stderr?.pipe(createWriteStream(join(folder, `${args[0]}.log`), { flags: 'a' }));
  return child;
}

/** As a crash does, or in order. */
async function end(child: ChildProcess, how: 'SIGKILL' | 'in order'): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  if (how === 'SIGKILL') child.kill(how);
  else child.stdin?.end();
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
