// A simulated Proxmox VE cluster: one HTTP(S) endpoint per node, the world behind them, and a control endpoint.
import { type CertificateAuthority, type Certificates, createAuthority } from '#runtime/certificates';
import { type Clock, createClock } from '#runtime/clock';
import { ROOT } from './access/root.ts';
import { buildWorld } from './clusters/build-world.ts';
import { chooseCluster } from './clusters/choose-cluster.ts';
import type { ClusterData } from './clusters/cluster-data.ts';
import { PROVIDER_TOKEN, ROOT_TOKEN } from './clusters/minimal-access.ts';
import { createClusterView } from './cluster-view.ts';
import { type ControlServer, startControlServer } from './control/control-server.ts';
import { DEFAULT_DURATIONS, type Durations } from './durations.ts';
import { createFaults, type FaultRule, type Faults } from './faults.ts';
import { createJournal, type Journal, type JournalEntry } from './journal.ts';
import { createLatency, noLatency } from './latency.ts';
import { startManagers } from './ha/run-managers.ts';
import { holdLock } from './locks/hold-lock.ts';
import { createLocks } from './locks/locks.ts';
import { createDaemons, type DaemonName } from './nodes/daemons.ts';
import { createMembership } from './nodes/membership.ts';
import { killAll, setDaemon, setNodeOnline } from './nodes/power.ts';
import { createPace } from './pace.ts';
import { PVE_URIS } from './profiles/uris.ts';
import { createRandom } from './random.ts';
import { ENDPOINTS } from './routes/endpoints.ts';
import { createCalls } from './server/calls.ts';
import { createKnownUris } from './server/known-uris.ts';
import { type NodeServer, startNodeServer } from './server/node-server.ts';
import { createRouter } from './server/router.ts';
import type { Sim } from './sim.ts';
import { createTasks } from './tasks/tasks.ts';
import type { DaemonState, World } from './world/world.ts';

/** The organisation is that of every cluster's own authority. */
const CA_SUBJECT = 'CN=Proxmox Virtual Environment (pve-sim), O=PVE Cluster Manager CA';

export interface SimulatorOptions {
  /** The name of a built-in cluster, or one's own; `three-node` where absent. */
  readonly cluster?: string | ClusterData;
  /**
   * The version to play, such as `8.4`: of all nodes, or by node; the cluster's own where absent.
   * Known ones are in `profiles/profiles.ts`.
   */
  readonly profile?: string | Readonly<Record<string, string>>;
  /** Where to listen; 127.0.0.1 where absent. */
  readonly host?: string;
  /** Node k listens on `port` + k; 0 (or absent): any free ports. */
  readonly port?: number;
  /** 0: any free port; absent: no control endpoint. */
  readonly controlPort?: number;
  /** How much faster than real time; 0 is as fast as possible. */
  readonly timeScale?: number;
  readonly seed?: number;
  /** False: plain HTTP. */
  readonly tls?: boolean;
  readonly faults?: readonly FaultRule[];
  readonly durations?: Partial<Durations>;
  /** False: every call is answered as soon as it can be, tasks still take their time. */
  readonly latency?: boolean;
  /** Gets every call once it is answered. */
  readonly record?: (entry: JournalEntry) => void;
}

export interface TokenCredentials {
  /** `user@realm!token` */
  readonly id: string;
  readonly secret: string;
}

export interface Simulator {
  readonly nodes: readonly { readonly name: string; readonly url: string }[];
  /** PEM; '' without TLS. */
  readonly ca: string;
  /** Privilege-separated, with just the rights a provider needs. */
  readonly token: TokenCredentials;
  readonly rootToken: TokenCredentials;
  /** For a login as root@pam, who may do what no token may. */
  readonly rootPassword: string;
  readonly controlUrl: string | undefined;
  /** The inside, for what happens beside the API. */
  readonly sim: Sim;
  readonly world: World;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly faults: Faults;
  /**
   * Another process holds `vm:<id>`, `storage:<id>` or `user.cfg` for `ms` of the world's time.
   * @param node whose lock it is, for guests and local storages; the first node where absent
   * @returns gives it back early; undefined where somebody else has it
   */
  holdLock(lock: string, ms: number, node?: string): Promise<(() => void) | undefined>;
  /** Power of a node. */
  setNodeOnline(node: string, online: boolean): Promise<void>;
  /** pveproxy (`api`) or pvedaemon (`worker`) of a node. */
  setDaemon(node: string, daemon: DaemonName, state: DaemonState): Promise<void>;
  stop(): Promise<void>;
}

const DEFAULT_SEED = 1;

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', tls = true } = options;
  const data = chooseCluster(options.cluster ?? 'three-node', options.profile ?? {});
  const clock = createClock({ factor: options.timeScale ?? 1 });
  const authority = tls ? await createAuthority({ subject: CA_SUBJECT, now: clock.realNow() }) : undefined;
  const certificates = await issueAll(authority, data, host);
  const sim = assemble(options, data, clock, certificates, authority?.ca ?? '');
  const journal = createJournal(clock, options.record);
  const stopDaemons = sim.view.start();
  const servers: NodeServer[] = [];
  const stopManagers = startManagers(sim, (node, on) => void setNodeOnline(sim, servers, node, on));
  const setOnline = async (node: string, online: boolean): Promise<void> =>
    await setNodeOnline(sim, servers, node, online);
  const dispatcher = { sim, router: createRouter(ENDPOINTS), knownUris: createKnownUris(PVE_URIS) };
  let control: ControlServer | undefined;
  const stop = async (): Promise<void> => {
    stopDaemons();
    stopManagers();
    for (const { name } of data.nodes) killAll(sim, name);
    await control?.close();
    await Promise.all(servers.map(async (server) => await server.close()));
  };
  const powerOff = async (node: string): Promise<void> => await setOnline(node, false);
  const listen = async (): Promise<void> => {
    for (const [index, { name }] of data.nodes.entries()) {
      const certificate = certificates[name];
      const port = nodePort(options.port, index, name);
      servers.push(await startNodeServer({ name, host, port, certificate, dispatcher, journal, powerOff }));
    }
  };
  /** A port that cannot be had: nothing of the others may stay behind. */
  const orStop = async <T>(start: () => Promise<T>): Promise<T> =>
    await start().catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  await orStop(listen);
  const simulator: Simulator = {
    nodes: servers.map(({ name, port }) => ({ name, url: `${tls ? 'https' : 'http'}://${urlHost(host)}:${port}` })),
    ca: authority?.ca ?? '',
    token: credentials(sim.world, PROVIDER_TOKEN),
    rootToken: credentials(sim.world, ROOT_TOKEN),
    rootPassword: sim.world.access.users[ROOT]?.password ?? '',
    get controlUrl() {
      return control?.url;
    },
    sim,
    world: sim.world,
    journal,
    clock,
    faults: sim.faults,
    holdLock: async (lock, ms, node) => await holdLock(sim, lock, node ?? data.nodes[0]?.name ?? '', ms),
    setNodeOnline: setOnline,
    setDaemon: async (node, daemon, state) => await setDaemon(sim, servers, node, daemon, state),
    stop,
  };
  const { controlPort } = options;
  if (controlPort !== undefined) control = await orStop(async () => await startControlServer(simulator, controlPort));
  return simulator;
}

const HIGHEST_PORT = 65_535;

/** Node k listens on the first port + k - 1; 0 stays any free one. */
function nodePort(first: number | undefined, index: number, name: string): number {
  if (first === undefined || first === 0) return 0;
  if (first + index <= HIGHEST_PORT) return first + index;
  throw new Error(`node ${name} would be on port ${first + index}, above ${HIGHEST_PORT}: choose a lower first port`);
}

/** A leaf for each node, good for its name and for every way to reach it here. */
async function issueAll(
  authority: CertificateAuthority | undefined,
  data: ClusterData,
  host: string,
): Promise<Record<string, Certificates>> {
  if (authority === undefined) return {};
  const local = ['localhost', '127.0.0.1', '::1', host];
  const issued = data.nodes.map(
    async ({ name }): Promise<[string, Certificates]> => [name, await authority.issue([...new Set([name, ...local])])],
  );
  return Object.fromEntries(await Promise.all(issued));
}

function assemble(
  options: SimulatorOptions,
  data: ClusterData,
  clock: Clock,
  certificates: Readonly<Record<string, Certificates>>,
  ca: string,
): Sim {
  const seed = options.seed ?? DEFAULT_SEED;
  const pace = createPace(clock);
  const random = createRandom(seed);
  // Streams of their own for faults and for polled locks, so that neither changes anything else.
  const faults = createFaults(createRandom(seed + 1), options.faults);
  const durations = { ...DEFAULT_DURATIONS, ...options.durations };
  const fingerprints = Object.fromEntries(
    Object.entries(certificates).map(([name, { fingerprint }]) => [name, fingerprint]),
  );
  const world = buildWorld(data, random, clock.now(), fingerprints);
  const parts = { world, clock, pace, random, durations, faults };
  const sim = {
    ...parts,
    ca,
    locks: createLocks(pace, createRandom(seed + 2)),
    tasks: createTasks({ ...parts, signals: createRandom(seed + 3) }),
    latency: options.latency === false ? noLatency : createLatency(createRandom(seed + 4)),
    calls: createCalls(pace),
    membership: createMembership(parts),
    daemons: createDaemons(parts),
  };
  return { ...sim, view: createClusterView(sim) };
}

function credentials(world: World, id: string): TokenCredentials {
  return { id, secret: world.access.tokens[id]?.secret ?? '' };
}

function urlHost(host: string): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host;
  return reachable.includes(':') ? `[${reachable}]` : reachable;
}
