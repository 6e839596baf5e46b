// The manager between a Kubernetes API and a simulated PVE, with providers in its process: what tests of controllers start with.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeApi, MergePatch, NewObject } from '#kube/api';
import { isReason } from '#kube/api';
import { connectKube } from '#kube/connect';
import type { KubeObject } from '#kube/object';
import { CONFIG_MAPS, DEPLOYMENTS, EVENTS, type Resource, SECRETS, SERVICES } from '#kube/resource';
import { type Manager, startManager } from '#manager/manager';
import { createInProcessRunner } from '#manager/provider/in-process';
import { mergePatchOf } from '#manager/work/merge-patch';
import { checkProvider, launchProvider } from '#provider/launch';
import { type Simulator, type SimulatorOptions, startSimulator } from '#pve-sim/simulator';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { parseAllDocuments } from 'yaml';
import { OWN_RESOURCES, startFlowApi } from './flow-api.ts';
import { runKubectl, type Told } from './kubectl.ts';
import { simWorld, type WorldReader } from './world.ts';

export interface ManagerFlow {
  readonly sim: Simulator;
  readonly world: WorldReader;
  /** Past the manager, as a user. */
  readonly api: KubeApi;
  readonly kubeconfig: string;
  /** Log lines of the manager and its providers so far. */
  readonly log: readonly string[];
  /** As `kubectl apply` does it: what the text said last time and does not say now goes. */
  apply(yaml: string): Promise<readonly KubeObject[]>;
  /** A Secret that the simulator takes, unless `entries` say otherwise. */
  applyCredentials(name?: string, entries?: Readonly<Record<string, string>>): Promise<void>;
  /** By kind or plural; undefined where there is none. */
  object(kind: string, name: string, namespace?: string): Promise<KubeObject | undefined>;
  delete(kind: string, name: string, namespace?: string): Promise<void>;
  /** Waits; what it last saw, its Events and the log are in the error. */
  until(kind: string, name: string, isEnough: (object: Seen) => boolean, namespace?: string): Promise<Seen>;
  untilGone(kind: string, name: string, namespace?: string): Promise<void>;
  /** `Warning SecretNotFound message`, oldest first. */
  events(kind: string, name: string): Promise<readonly string[]>;
  /** The real one. */
  kubectl(args: readonly string[], stdin?: string): Promise<Told>;
  /** Ends this manager, its providers too, and starts another. */
  restartManager(): Promise<void>;
  stop(): Promise<void>;
}

/** An object as tests look at it. */
export interface Seen extends KubeObject {
  readonly status: Readonly<Record<string, unknown>>;
  /** `Ready` as `True Ready` or `False SecretNotFound`; '' where it is not told. */
  condition(type: string): string;
  message(type: string): string;
}

export interface ManagerFlowOptions {
  readonly simulator?: SimulatorOptions;
  /** Names in manifests that mean the simulator; those of the documentation where absent. */
  readonly endpoints?: readonly string[];
  /** The API as each manager gets it. */
  readonly wrapApi?: (api: KubeApi) => KubeApi;
}

const SEED_ENDPOINTS = ['https://pve.example.com:8006', 'https://pve-cluster.example.com:8006'];
/** Real ms. */
const PATIENCE_MS = 30_000;

export async function startManagerFlow(options: ManagerFlowOptions = {}): Promise<ManagerFlow> {
  const folder = mkdtempSync(join(tmpdir(), 'manager-flow-'));
  const sim = await startSimulator({ cluster: 'three-node', timeScale: 20, port: 0, ...options.simulator });
  const clock = createClock({ factor: sim.clock.factor === 0 ? 20 : sim.clock.factor });
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const log = createLogger({ level: 'debug', write });
  const kube = await startFlowApi(folder);
  const api = await connectKube({ kubeconfig: kube.kubeconfig });
  const managerApi = await connectKube({ kubeconfig: kube.managerKubeconfig });
  const caFile = join(folder, 'pve-ca.pem');
  writeFileSync(caFile, sim.ca);
  const target = sim.nodes[0]?.url ?? '';
  const start = (): Manager => {
    const runner = createInProcessRunner({
      launcher: {
        check: checkProvider,
        launch: async ({ provider, environment, host, port }) => {
          const own = log.with({ provider: `${provider.namespace}/${provider.name}` });
          return await launchProvider({ environment, host, port, version: 'test', clock, log: own });
        },
      },
      folder: join(folder, 'providers'),
      endpoints: { origins: new Map((options.endpoints ?? SEED_ENDPOINTS).map((from) => [from, target])), caFile },
      now: () => clock.realNow(),
    });
    return startManager({
      api: options.wrapApi?.(managerApi) ?? managerApi,
      runner,
      clock,
      log,
      identity: `flow-${process.pid}`,
    });
  };
  let manager = start();
  const applied = new Map<string, Readonly<Record<string, unknown>>>();
  const object: ManagerFlow['object'] = async (kind, name, namespace = 'default') =>
    await api.get(resourceOf(kind), { name, namespace });
  const events: ManagerFlow['events'] = async (kind, name) => {
    const { items } = await api.list(EVENTS);
    return items.filter((event) => isAbout(event, kind, name)).map(eventLine);
  };
  const story = async (kind: string, name: string, last: unknown): Promise<string> => {
    const told = (await events(kind, name)).join('\n');
    const shown = JSON.stringify(last, (field, value: unknown) => (field === 'managedFields' ? undefined : value), 1);
    return `${kind} ${name}: ${shown}\n${told}\n${lines.slice(-30).join('')}`;
  };
  const poll = async (
    kind: string,
    name: string,
    isEnough: (seen: KubeObject | undefined) => boolean,
    namespace?: string,
  ) => {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const seen = await object(kind, name, namespace);
      if (isEnough(seen)) return seen;
      if (Date.now() > end) throw new Error(`not what was waited for: ${await story(kind, name, seen)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const apply: ManagerFlow['apply'] = async (yaml) => {
    const objects = parseAllDocuments(yaml).map((document) => document.toJS() as NewObject | null);
    const results: KubeObject[] = [];
    for (const wanted of objects) if (wanted !== null) results.push(await applyOne(api, wanted, applied));
    return results;
  };
  return {
    sim,
    world: simWorld(sim),
    api,
    kubeconfig: kube.kubeconfig,
    log: lines,
    apply,
    applyCredentials: async (
      name = 'pve-credentials',
      entries = { token_id: sim.token.id, token_secret: sim.token.secret },
    ) => {
      await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: encoded(entries) }));
    },
    object,
    delete: async (kind, name, namespace = 'default') => await api.delete(resourceOf(kind), { name, namespace }),
    until: async (kind, name, isEnough, namespace) =>
      seenOf(await poll(kind, name, (seen) => seen !== undefined && isEnough(seenOf(seen)), namespace)),
    untilGone: async (kind, name, namespace) => void (await poll(kind, name, (seen) => seen === undefined, namespace)),
    events,
    kubectl: async (args, stdin = '') =>
      await runKubectl(args, stdin, { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kube.kubeconfig }),
    restartManager: async () => {
      await manager.stop();
      manager = start();
    },
    stop: async () => {
      await manager.stop();
      managerApi.close();
      api.close();
      await kube.stop();
      await sim.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const RESOURCES: readonly Resource[] = [...OWN_RESOURCES, SECRETS, CONFIG_MAPS, EVENTS, SERVICES, DEPLOYMENTS];

function resourceOf(kind: string): Resource {
  const found = RESOURCES.find((one) => one.kind === kind || one.plural === kind);
  if (found === undefined) throw new Error(`${kind} is no kind that is known here`);
  return found;
}

async function applyOne(
  api: KubeApi,
  wanted: NewObject,
  applied: Map<string, Readonly<Record<string, unknown>>>,
): Promise<KubeObject> {
  const resource = resourceOf(wanted.kind);
  const { name = '', namespace = 'default' } = wanted.metadata;
  const key = `${wanted.kind}/${namespace}/${name}`;
  const full = { ...wanted, metadata: { ...wanted.metadata, namespace } };
  const before = applied.get(key);
  applied.set(key, full);
  try {
    return await api.create(resource, full);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    // What only the server has stays, as with kubectl.
    const patch: MergePatch = { ...full, ...mergePatchOf(before ?? {}, full), metadata: full.metadata };
    return await api.patch(resource, { name, namespace }, patch);
  }
}

function encoded(entries: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Of what `until` and its like look at. */
export function seenOf(object: KubeObject | undefined): Seen {
  if (object === undefined) throw new Error('there is no such object');
  const status = (object['status'] ?? {}) as Readonly<Record<string, unknown>>;
  const find = (type: string): Condition | undefined =>
    ((status['conditions'] ?? []) as readonly Condition[]).find((one) => one.type === type);
  return {
    ...object,
    status,
    condition: (type) => {
      const found = find(type);
      return found === undefined ? '' : `${found.status} ${found.reason}`;
    },
    message: (type) => find(type)?.message ?? '',
  };
}

interface KubeEvent {
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
}

function isAbout(event: KubeObject, kind: string, name: string): boolean {
  const { involvedObject } = event as KubeEvent;
  return involvedObject?.kind === kind && involvedObject.name === name;
}

function eventLine(event: KubeObject): string {
  const { type = '', reason = '', message = '' } = event as KubeEvent;
  return `${type} ${reason} ${message}`;
}
