// A provider against a PVE, and a client of it, over real sockets: what every flow test starts with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { simWorld, type WorldReader } from './world.ts';

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
  another(index: number): Promise<{ client: ProviderClient; provider: RunningProvider }>;
  stop(): Promise<void>;
}

export interface FlowOptions {
  readonly simulator?: SimulatorOptions;
  /** Settings of the provider besides endpoint, credentials and CA. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The node whose endpoint the provider uses. */
  readonly node?: number;
}

export async function startFlow(options: FlowOptions = {}): Promise<Flow> {
  const sim = await startSimulator({ cluster: 'three-node', timeScale: 20, port: 0, tls: false, ...options.simulator });
  const log: string[] = [];
  const ends: (() => Promise<void> | void)[] = [];
  const another = async (index: number): Promise<{ client: ProviderClient; provider: RunningProvider }> => {
    const provider = await startInProcess(sim, index, options.settings ?? {}, log);
    const client = createProviderClient({ address: `127.0.0.1:${provider.port}` });
    ends.push(async () => {
      client.close();
      await provider.drain();
      await provider.close();
    });
    return { client, provider };
  };
  const { client, provider } = await another(options.node ?? 0);
  const pve = rootPve(sim);
  return {
    sim,
    client,
    provider,
    pve,
    world: simWorld(sim),
    log,
    another,
    stop: async () => {
      for (const end of ends) await end();
      await pve.close();
      await sim.stop();
    },
  };
}

async function startInProcess(
  sim: Simulator,
  index: number,
  settings: Readonly<Record<string, string>>,
  log: string[],
): Promise<RunningProvider> {
  const credentialsFolder = mkdtempSync(join(tmpdir(), 'vrtg-flow-'));
  rmSync(credentialsFolder, { recursive: true });
  const environment = { ...providerEnvironment(sim, index), ...settings };
  const source = { environment, credentialsFolder };
  return await startProvider({
    flags: { host: '127.0.0.1', port: 0, healthPort: 0, timeScale: sim.clock.factor },
    version: 'test',
    settings: readProviderSettings(source),
    source,
    clock: createClock({ factor: sim.clock.factor }),
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

/** A connection of our own with root's token. */
export function rootPve(sim: Simulator): Pve {
  const endpoint = parseEndpoint(sim.nodes[0]?.url ?? '');
  if (endpoint === undefined) throw new Error('the simulator has no node');
  return connect({
    endpoint,
    authenticator: tokenAuthenticator(sim.rootToken.id, sim.rootToken.secret),
    ca: sim.ca === '' ? undefined : sim.ca,
    clock: createClock({ factor: sim.clock.factor }),
    log: createLogger({ write: () => undefined }),
  });
}
