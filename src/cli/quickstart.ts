// `npm start`: a simulated cluster (or the PVE that PVE_ENDPOINT names), a provider in front of it, and the VMs of a
// file, each step shown as it happens.
import { readFile } from 'node:fs/promises';
import { createProviderClient } from '#rpc/client';
import type { Clock } from '#runtime/clock';
import { applyManifests, type AppliedVm } from './apply.ts';
import { type Launched, launch } from './launch.ts';
import { createProgress, type Progress, type Terminal } from './progress.ts';
import { watchPveCalls } from './pve-calls.ts';
import { type SimulatorInfo, simulatorInfo } from './simulator-info.ts';

export interface QuickstartOptions {
  /** File of manifests; undefined applies none. */
  readonly manifests: string | undefined;
  /** Ends after the VMs are there instead of staying up. */
  readonly once: boolean;
  readonly programs: { readonly simulator: string; readonly provider: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Resolves when the person has had enough. */
  readonly interrupted: Promise<void>;
}

/** How much faster than real time the simulated cluster runs. */
const TIME_SCALE = 3;

/** Throws what kept it from getting there; the programs are stopped whatever happens. */
export async function quickstart(options: QuickstartOptions): Promise<void> {
  const progress = createProgress(options.terminal, options.clock);
  const started: Launched<unknown>[] = [];
  try {
    await Promise.race([run(options, progress, started), options.interrupted]);
  } finally {
    for (const program of started.toReversed()) await program.stop();
  }
}

async function run(options: QuickstartOptions, progress: Progress, started: Launched<unknown>[]): Promise<void> {
  const isSimulated = (options.environment['PVE_ENDPOINT'] ?? '') === '';
  const simulator = isSimulated ? await startSimulator(options, progress, started) : undefined;
  const provider = await startProvider(options, progress, started, simulator);
  const client = createProviderClient({ address: `127.0.0.1:${provider.ready.port}`, waitForReady: true });
  try {
    const { message } = await client.validate({});
    progress.say(`    the provider has reached ${message}`);
    const applied = await apply(options, progress, client, simulator);
    for (const vm of applied)
      progress.say(`    ${vm.name}: VM ${vm.id}, ${vm.powerState}, ${vm.ips.join(', ') || 'no IP'}`);
    if (options.once) return;
    progress.say(nextSteps(provider.ready, simulator, applied));
    await Promise.race([
      provider.ended.then(() => Promise.reject(new Error('the provider has ended'))),
      options.interrupted,
    ]);
  } finally {
    client.close();
  }
}

async function startSimulator(
  options: QuickstartOptions,
  progress: Progress,
  started: Launched<unknown>[],
): Promise<SimulatorInfo> {
  return await progress.step('start a simulated PVE cluster', async () => {
    const args = ['--port', '0', '--control-port', '0', '--cluster', 'three-node', '--time-scale', String(TIME_SCALE)];
    const { program, environment } = { program: options.programs.simulator, environment: options.environment };
    const launched = await launch({ program, args, environment, readyIn: controlUrlIn });
    started.push(launched);
    const info = await simulatorInfo(launched.ready);
    for (const { name, url } of info.nodes) progress.detail(`${name} ${url}`);
    return info;
  });
}

/** The line in which the simulator names its control endpoint. */
function controlUrlIn(line: string): string | undefined {
  return /control.*?(http:\/\/[\d.]+:\d+)/i.exec(line)?.[1];
}

interface ProviderPorts {
  readonly port: number;
  readonly health_port: number;
}

async function startProvider(
  options: QuickstartOptions,
  progress: Progress,
  started: Launched<unknown>[],
  simulator: SimulatorInfo | undefined,
): Promise<Launched<ProviderPorts>> {
  return await progress.step('start the provider', async () => {
    // Plaintext, and therefore on loopback only.
    const args = ['--host=127.0.0.1', '--port=0', '--health-port=0', `--time-scale=${simulator?.timeScale ?? 1}`];
    const environment = {
      ...options.environment,
      ...(simulator === undefined ? {} : settingsFor(simulator)),
      VIRTRIGAUD_PROVIDER_INSECURE: 'true',
      LOG_FORMAT: 'json',
    };
    const launched = await launch({
      program: options.programs.provider,
      args,
      environment,
      readyIn: providerPortsIn,
      onLine: (line) => tellTrouble(line, progress),
    });
    started.push(launched);
    return launched;
  });
}

function settingsFor(simulator: SimulatorInfo): Record<string, string> {
  return {
    PVE_ENDPOINT: simulator.nodes[0]?.url ?? '',
    PVE_TOKEN_ID: simulator.token.id,
    PVE_TOKEN_SECRET: simulator.token.secret,
    PVE_CA_BUNDLE: simulator.ca,
    PVE_INSTANCE: 'quickstart',
  };
}

function providerPortsIn(line: string): ProviderPorts | undefined {
  const fields = JSON.parse(line) as Partial<ProviderPorts>;
  const { port, health_port } = fields;
  return port === undefined || health_port === undefined ? undefined : { port, health_port };
}

/** Warnings and errors of the provider are the person's business; the rest is in the steps. */
function tellTrouble(line: string, progress: Progress): void {
  const { level, msg, time: _time, ...fields } = JSON.parse(line) as Record<string, unknown>;
  if (level !== 'WARN' && level !== 'ERROR') return;
  const details = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
  progress.detail(`provider: ${[msg, ...details].join(' ')}`);
}

type Client = ReturnType<typeof createProviderClient>;

async function apply(
  options: QuickstartOptions,
  progress: Progress,
  client: Client,
  simulator: SimulatorInfo | undefined,
): Promise<AppliedVm[]> {
  if (options.manifests === undefined) return [];
  const manifests = await readFile(options.manifests, 'utf8');
  const base = { client, manifests, clock: options.clock };
  if (simulator === undefined) return await applyManifests({ ...base, progress });
  const calls = await followCalls(simulator.controlUrl, progress, options.clock);
  try {
    return await applyManifests({ ...base, progress: calls.progress });
  } finally {
    await calls.stop();
  }
}

const FOLLOW_MS = 100;

/** Tells the calls of PVE as they happen. A step of the progress it gives has all of its calls told before it ends. */
async function followCalls(
  controlUrl: string,
  progress: Progress,
  clock: Clock,
): Promise<{ progress: Progress; stop(): Promise<void> }> {
  const calls = watchPveCalls(controlUrl);
  await calls.next();
  let telling = Promise.resolve();
  const tell = async (): Promise<void> => {
    telling = telling.then(async () => {
      for (const line of await calls.next()) progress.detail(line);
    });
    await telling;
  };
  const stopping = new AbortController();
  const following = (async () => {
    while (!stopping.signal.aborted) {
      await tell();
      await clock.sleep(FOLLOW_MS, stopping.signal).catch(() => undefined);
    }
  })();
  return {
    progress: {
      ...progress,
      step: async (title, work) =>
        await progress.step(title, async () => {
          try {
            return await work();
          } finally {
            await tell();
          }
        }),
    },
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
}

function nextSteps(ports: ProviderPorts, simulator: SimulatorInfo | undefined, applied: readonly AppliedVm[]): string {
  const lines = ['', 'Everything stays up until Ctrl-C. What you can do next:'];
  if (simulator !== undefined) {
    const { id, secret } = simulator.token;
    const url = simulator.nodes[0]?.url ?? '';
    lines.push(
      `  ask the simulated PVE   curl -k -H 'Authorization: PVEAPIToken=${id}=${secret}' '${url}/api2/json/cluster/resources?type=vm'`,
      `  look behind it          curl ${simulator.controlUrl}/world   (or /journal: every request so far)`,
    );
    if (applied.length > 0) lines.push('  your own manifest       npm start -- --apply FILE');
  } else if (applied.length === 0) {
    lines.push('  create VMs              npm start -- --apply FILE');
  }
  lines.push(
    `  call the provider       gRPC provider.v1.Provider on 127.0.0.1:${ports.port}, plaintext`,
    `  watch it                curl http://127.0.0.1:${ports.health_port}/metrics`,
  );
  return lines.join('\n');
}
