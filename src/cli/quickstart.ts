// `npm start`: a simulated cluster (or the PVE that PVE_ENDPOINT names), a provider in front of it, and the VMs of a
// file, each step shown as it happens.
import { readFile } from 'node:fs/promises';
import { createProviderClient } from '#rpc/client';
import type { Clock } from '#runtime/clock';
import { applyManifests, type AppliedVm } from './apply.ts';
import { followCalls } from './follow-calls.ts';
import { createPrograms, type Programs } from './launch.ts';
import { createProgress, type Progress, type Terminal } from './progress.ts';
import type { SimulatorInfo } from './simulator-info.ts';
import { type ProviderPorts, startProvider, startSimulator } from './start-programs.ts';

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
  const { environment, programs: paths } = options;
  const simulator = namesAPve(environment)
    ? undefined
    : await startSimulator({ path: paths.simulator, environment }, progress, programs);
  const provider = await startProvider({ path: paths.provider, environment }, progress, programs, simulator);
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
