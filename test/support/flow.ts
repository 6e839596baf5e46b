// A provider against a PVE, and a client of it, over real sockets: what every flow test starts with.
import type { RunningProvider } from '#provider/start-provider';
import { startProvider } from '#provider/start-provider';
import { readProviderSettings } from '#provider/settings';
import { connect } from '#pve/connection/connect';
import { parseEndpoint } from '#pve/connection/endpoint';
import { tokenAuthenticator } from '#pve/connection/authenticate';
import type { Pve } from '#pve/connection/pve';
import { type Simulator, type SimulatorOptions, startSimulator } from '#pve-sim/simulator';
import { createProviderClient, type ProviderClient } from '#rpc/client';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { pveWorld, simWorld, type WorldReader } from './world.ts';

export interface Flow {
  readonly sim: Simulator;
  readonly client: ProviderClient;
  readonly provider: RunningProvider;
  /** As root, past the provider. */
  readonly pve: Pve;
  readonly world: WorldReader;
  /** Log lines of the provider so far. */
  readonly log: readonly string[];
  /** Another provider process's worth: a second provider with its own memory, on node `index`'s endpoint. */
  another(index: number, settings?: Readonly<Record<string, string>>): Promise<Replica>;
  readonly stop: () => Promise<void>;
}

export interface Replica {
  readonly client: ProviderClient;
  readonly provider: RunningProvider;
  /** Drains it and closes what it has; else the flow's stop does. */
  readonly end: () => Promise<void>;
}

/** Whether flows that could run against a real PVE do not. */
export const isSimulated = process.env['PVE_TEST_ENDPOINT'] === undefined;

/** The part of a flow that a real PVE can give too. */
export interface WorldFlow {
  readonly client: ProviderClient;
  readonly world: WorldReader;
  /** Undefined on a real PVE: whatever is asserted with it is simulator-only. */
  readonly sim: Simulator | undefined;
  /** A template with cloud-init and guest agent. */
  readonly template: string;
  stop(): Promise<void>;
}

/**
 * Against the PVE that PVE_TEST_ENDPOINT names (with PVE_TEST_TOKEN_ID, PVE_TEST_TOKEN_SECRET, PVE_TEST_TEMPLATE, and
 * PVE_TEST_CA where its certificate is to be verified), else against a simulator.
 */
export async function startWorldFlow(): Promise<WorldFlow> {
  const endpoint = process.env['PVE_TEST_ENDPOINT'];
  if (endpoint === undefined) return { ...(await startFlow()), template: 'ubuntu-22-template' };
  const ca = process.env['PVE_TEST_CA'] ?? '';
  const token = { id: process.env['PVE_TEST_TOKEN_ID'] ?? '', secret: process.env['PVE_TEST_TOKEN_SECRET'] ?? '' };
  const environment = {
    PVE_ENDPOINT: endpoint,
    PVE_TOKEN_ID: token.id,
    PVE_TOKEN_SECRET: token.secret,
    PVE_CA_BUNDLE: ca,
    PVE_INSECURE_SKIP_VERIFY: String(ca === ''),
    PVE_INSTANCE: 'test/world-flow',
    VIRTRIGAUD_PROVIDER_INSECURE: 'true',
  };
  const provider = await startInProcess(environment, 1, []);
  const client = createProviderClient({ address: `127.0.0.1:${provider.port}` });
  const pve = connectPve(endpoint, token, ca, 1);
  return {
    client,
    world: pveWorld(pve),
    sim: undefined,
    template: process.env['PVE_TEST_TEMPLATE'] ?? 'ubuntu-22-template',
    stop: async () => {
      client.close();
      await provider.drain();
      await provider.close();
      await pve.close();
    },
  };
}

export interface FlowOptions {
  readonly simulator?: SimulatorOptions;
  /** Settings of the provider besides endpoint, credentials and CA. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The node whose endpoint the provider uses. */
  readonly node?: number;
}

export async function startFlow(options: FlowOptions = {}): Promise<Flow> {
  // As PVE speaks, by TLS: there a host is known by its certificate, and not asked on each connection who it is.
  const sim = await startSimulator({ cluster: 'three-node', timeScale: 20, port: 0, ...options.simulator });
  const log: string[] = [];
  const running = new Set<Replica>();
  const another: Flow['another'] = async (index, settings) => {
    const environment = { ...providerEnvironment(sim, index), ...options.settings, ...settings };
    const provider = await startInProcess(environment, sim.clock.factor, log);
    const client = createProviderClient({ address: `127.0.0.1:${provider.port}` });
    const replica: Replica = {
      client,
      provider,
      end: async () => {
        if (!running.delete(replica)) return;
        client.close();
        await provider.drain();
        await provider.close();
      },
    };
    running.add(replica);
    return replica;
  };
  const { client, provider } = await another(options.node ?? 0);
  const pve = connectPve(sim.nodes[0]?.url ?? '', sim.rootToken, sim.ca, sim.clock.factor);
  return {
    sim,
    client,
    provider,
    pve,
    world: simWorld(sim),
    log,
    another,
    stop: async () => {
      for (const replica of running) await replica.end();
      await pve.close();
      await sim.stop();
    },
  };
}

export interface ProviderFlow {
  readonly client: ProviderClient;
  /** Log lines so far. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** A provider alone, with the credentials of `sim`, reached as `settings` say. Rejects with what ends its start. */
export async function startProviderFlow(
  sim: Simulator,
  settings: Readonly<Record<string, string>>,
): Promise<ProviderFlow> {
  const log: string[] = [];
  const provider = await startInProcess({ ...providerEnvironment(sim, 0), ...settings }, sim.clock.factor, log);
  const client = createProviderClient({ address: `127.0.0.1:${provider.port}` });
  return {
    client,
    log,
    stop: async () => {
      client.close();
      await provider.drain();
      await provider.close();
    },
  };
}

async function startInProcess(
  environment: Readonly<Record<string, string>>,
  timeScale: number,
  log: string[],
): Promise<RunningProvider> {
  const credentialsFolder = environment['VIRTRIGAUD_CREDENTIALS_DIR'] ?? '/nonexistent';
  const source = { environment, credentialsFolder };
  return await startProvider({
    flags: { host: '127.0.0.1', port: 0, healthPort: 0, timeScale },
    version: 'test',
    settings: readProviderSettings(source),
    source,
    clock: createClock({ factor: timeScale }),
    log: createLogger({ level: 'debug', write: (line) => void log.push(line) }),
  });
}

/** What a provider process is told about the simulator. */
export function providerEnvironment(sim: Simulator, index: number): Record<string, string> {
  return {
    PVE_ENDPOINT: sim.nodes[index]?.url ?? '',
    PVE_TOKEN_ID: sim.token.id,
    PVE_TOKEN_SECRET: sim.token.secret,
    PVE_CA_BUNDLE: sim.ca,
    PVE_INSTANCE: 'test/flow',
    VIRTRIGAUD_PROVIDER_INSECURE: 'true',
  };
}

/** A connection of our own, past the provider. */
function connectPve(url: string, token: { id: string; secret: string }, ca: string, timeScale: number): Pve {
  const endpoint = parseEndpoint(url);
  if (endpoint === undefined) throw new Error(`${url} is no endpoint`);
  return connect({
    endpoint,
    authenticator: tokenAuthenticator(token.id, token.secret),
    ca: ca === '' ? undefined : ca,
    skipVerify: ca === '',
    clock: createClock({ factor: timeScale }),
    log: createLogger({ write: () => undefined }),
  });
}
