// `npm start`: a simulated cluster (or the PVE that PVE_ENDPOINT names), a provider in front of it, and the VMs of a
// file, each step shown as it happens.
import { readFile } from 'node:fs/promises';
import { createProviderClient } from '#rpc/client';
import type { Clock } from '#runtime/clock';
import { applyManifests, type AppliedVm } from './apply.ts';
import { createPrograms, type Launched, type Programs } from './launch.ts';
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
  /** Aborted when the person has had enough. */
  readonly interrupted: AbortSignal;
}

/** Somebody has ended it before it was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** How much faster than real time the simulated cluster runs. */
const TIME_SCALE = 3;

/** Throws what kept it from getting there, `Interrupted` included; the programs are stopped whatever happens. */
export async function quickstart(options: QuickstartOptions): Promise<void> {
  const text = options.manifests === undefined ? undefined : await readManifests(options.manifests);
  const progress = createProgress(options.terminal, options.clock);
  const programs = createPrograms();
  try {
    const serving = await unlessInterrupted(options, show(options, text, progress, programs));
    if (options.once) return;
    progress.say(nextSteps(serving));
    await Promise.race([
      serving.ended.then(() => Promise.reject(new Error('the provider has ended'))),
      interruption(options),
    ]);
  } finally {
    progress.mute();
    await programs.stop();
  }
}

async function readManifests(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function interruption({ interrupted }: QuickstartOptions): Promise<void> {
  if (interrupted.aborted) return;
  await new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }));
}

async function unlessInterrupted<T>(options: QuickstartOptions, work: Promise<T>): Promise<T> {
  const stop = interruption(options).then(() => Promise.reject(new Interrupted('interrupted')));
  return await Promise.race([work, stop]);
}

/** What runs when all has been shown. */
interface Serving {
  readonly ports: ProviderPorts;
  readonly simulator: SimulatorInfo | undefined;
  readonly hasApplied: boolean;
  readonly ended: Promise<void>;
}

async function show(
  options: QuickstartOptions,
  text: string | undefined,
  progress: Progress,
  programs: Programs,
): Promise<Serving> {
  const simulator = namesAPve(options.environment) ? undefined : await startSimulator(options, progress, programs);
  const provider = await startProvider(options, progress, programs, simulator);
  const client = createProviderClient({ address: `127.0.0.1:${provider.ready.port}`, waitForReady: true });
  try {
    const { message } = await client.validate({});
    progress.say(`    the provider has reached ${message}`);
    const applied = text === undefined ? [] : await apply({ options, text, progress, client, simulator });
    for (const vm of applied) tellVm(vm, progress);
    return { ports: provider.ready, simulator, hasApplied: applied.length > 0, ended: provider.ended };
  } finally {
    client.close();
  }
}

/** The provider takes its endpoint from either of these. */
export function namesAPve(environment: QuickstartOptions['environment']): boolean {
  return ['PROVIDER_ENDPOINT', 'PVE_ENDPOINT'].some((name) => (environment[name] ?? '').trim() !== '');
}

function tellVm(vm: AppliedVm, progress: Progress): void {
  const ips = vm.ips.length > 0 ? vm.ips.join(', ') : 'no IP';
  progress.say(`    ${vm.name}: VM ${vm.id}, ${vm.powerState}, ${ips}`);
  for (const note of vm.notes) progress.say(`      note: ${note}`);
}

async function startSimulator(
  options: QuickstartOptions,
  progress: Progress,
  programs: Programs,
): Promise<SimulatorInfo> {
  return await progress.step('start a simulated PVE cluster', async () => {
    const { ready } = await programs.launch({
      name: 'the simulator',
      program: options.programs.simulator,
      args: ['--port', '0', '--control-port', '0', '--cluster', 'three-node', '--time-scale', String(TIME_SCALE)],
      environment: options.environment,
      readyIn: controlUrlIn,
      onLine: () => undefined,
    });
    const info = await simulatorInfo(ready);
    for (const { name, url } of info.nodes) progress.detail(`${name} ${url}`);
    return info;
  });
}

/** The line in which the simulator names its control endpoint. */
function controlUrlIn(line: string): string | undefined {
  return /^control (http:\/\/\S+)$/.exec(line)?.[1];
}

interface ProviderPorts {
  readonly port: number;
  readonly health_port: number;
}

async function startProvider(
  options: QuickstartOptions,
  progress: Progress,
  programs: Programs,
  simulator: SimulatorInfo | undefined,
): Promise<Launched<ProviderPorts>> {
  return await progress.step('start the provider', async () => {
    return await programs.launch({
      name: 'the provider',
      program: options.programs.provider,
      // Plaintext, and therefore on loopback only.
      args: ['--host=127.0.0.1', '--port=0', '--health-port=0', `--time-scale=${simulator?.timeScale ?? 1}`],
      environment: {
        ...(simulator === undefined ? options.environment : settingsFor(simulator, options.environment)),
        VIRTRIGAUD_PROVIDER_INSECURE: 'true',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'info',
      },
      readyIn: providerPortsIn,
      onLine: (line) => tellTrouble(line, progress),
    });
  });
}

/** Nothing of the person's own settings or credentials: what is shown on a simulated cluster must reach no other. */
function settingsFor(
  simulator: SimulatorInfo,
  environment: QuickstartOptions['environment'],
): Record<string, string | undefined> {
  const others = Object.entries(environment).filter(([name]) => !/^(PVE|PROVIDER|TLS|VIRTRIGAUD)_/.test(name));
  return {
    ...Object.fromEntries(others),
    VIRTRIGAUD_CREDENTIALS_DIR: '/dev/null',
    PVE_ENDPOINT: simulator.nodes[0]?.url ?? '',
    PVE_TOKEN_ID: simulator.token.id,
    PVE_TOKEN_SECRET: simulator.token.secret,
    PVE_CA_BUNDLE: simulator.ca,
    PVE_INSTANCE: 'quickstart',
  };
}

function providerPortsIn(line: string): ProviderPorts | undefined {
  const { port, health_port } = logLine(line);
  return typeof port === 'number' && typeof health_port === 'number' ? { port, health_port } : undefined;
}

/** A line of a JSON log; one that is none is its own message. */
function logLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { level: 'ERROR', msg: line };
  }
}

/** Told by the steps already, or true of every quickstart: it serves plaintext, but on loopback only. */
const TOLD_ELSEWHERE = /^(gRPC request completed|gRPC is served without TLS)/;

/** Warnings and errors of the provider are the person's business; the rest is in the steps. */
function tellTrouble(line: string, progress: Progress): void {
  const { level, msg, time: _time, ...fields } = logLine(line);
  if ((level !== 'WARN' && level !== 'ERROR') || TOLD_ELSEWHERE.test(String(msg))) return;
  const details = Object.entries(fields).map(([key, value]) => `${key}="${String(value)}"`);
  progress.detail(`provider: ${[msg, ...details].join(' ')}`);
}

interface Apply {
  readonly options: QuickstartOptions;
  readonly text: string;
  readonly progress: Progress;
  readonly client: ReturnType<typeof createProviderClient>;
  readonly simulator: SimulatorInfo | undefined;
}

async function apply({ options, text, progress, client, simulator }: Apply): Promise<AppliedVm[]> {
  const base = { client, manifests: text, clock: options.clock };
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
  const stopping = new AbortController();
  const tellNext = async (): Promise<void> => {
    if (stopping.signal.aborted) return;
    try {
      for (const line of await calls.next()) progress.detail(line);
    } catch (error) {
      progress.detail(
        `the calls of PVE cannot be told any more: ${error instanceof Error ? error.message : String(error)}`,
      );
      stopping.abort();
    }
  };
  let telling = Promise.resolve();
  const tell = async (): Promise<void> => {
    telling = telling.then(tellNext);
    await telling;
  };
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

function nextSteps({ ports, simulator, hasApplied }: Serving): string {
  const lines = ['', 'Everything stays up until Ctrl-C. What you can do next:'];
  if (simulator !== undefined) {
    const { id, secret } = simulator.token;
    const url = simulator.nodes[0]?.url ?? '';
    lines.push(
      `  ask the simulated PVE   curl -k -H 'Authorization: PVEAPIToken=${id}=${secret}' '${url}/api2/json/cluster/resources?type=vm'`,
      `  look behind it          curl ${simulator.controlUrl}/world   (or /journal: every request so far)`,
      '  your own manifest       npm start -- --apply FILE   (on a new cluster, after Ctrl-C here)',
    );
  } else if (!hasApplied) {
    lines.push('  create VMs              npm start -- --apply FILE');
  }
  lines.push(
    `  call the provider       gRPC provider.v1.Provider on 127.0.0.1:${ports.port}, plaintext`,
    `  watch it                curl http://127.0.0.1:${ports.health_port}/metrics`,
  );
  return lines.join('\n');
}
