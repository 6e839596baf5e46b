// The two programs of a start, run as anybody would run them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launched, Programs } from './launch.ts';
import type { Progress } from './progress.ts';
import type { Environment } from './pve.ts';
import { type SimulatorInfo, simulatorInfo } from './simulator-info.ts';

export interface Program {
  readonly path: string;
  /** The person's own. */
  readonly environment: Environment;
}

/** How much faster than real time the simulated cluster runs. */
const TIME_SCALE = 5;

export async function startSimulator(
  { path, environment }: Program,
  progress: Progress,
  programs: Programs,
): Promise<SimulatorInfo> {
  return await progress.step('start a simulated PVE cluster', async () => {
    const { ready } = await programs.launch({
      name: 'the simulator',
      program: path,
      args: ['--port', '0', '--control-port', '0', '--cluster', 'documentation', '--time-scale', String(TIME_SCALE)],
      environment: withoutSettings(environment),
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

export interface ManagerOrder {
  readonly dataDir: string;
  /** Where endpoints of manifests lead instead; absent: where they say. */
  readonly simulator: SimulatorInfo | undefined;
  /** Origins that mean the simulated cluster. */
  readonly endpoints: readonly string[];
}

/** Where the API of the manager is. */
export interface Api {
  readonly url: string;
  readonly kubeconfig: string;
}

export async function startManager(
  { path, environment }: Program,
  order: ManagerOrder,
  progress: Progress,
  programs: Programs,
): Promise<Launched<Api>> {
  return await progress.step('start the manager, with an API for kubectl', async () => {
    const launched = await programs.launch({
      name: 'the manager',
      program: path,
      args: [
        '--standalone',
        `--data-dir=${order.dataDir}`,
        '--listen=127.0.0.1:0',
        '--log-format=json',
        ...mapping(order),
      ],
      environment: withoutSettings(environment),
      readyIn: apiIn,
      onLine: (line) => tellTrouble(line, progress),
    });
    progress.detail(launched.ready.url);
    return launched;
  });
}

/** What is shown on a simulated cluster must reach no other. */
function mapping({ simulator, endpoints, dataDir }: ManagerOrder): string[] {
  if (simulator === undefined) return [];
  const file = join(dataDir, 'simulated-pve-ca.pem');
  writeFileSync(file, simulator.ca);
  const target = simulator.nodes[0]?.url ?? '';
  return [...endpoints.flatMap((origin) => ['--map-endpoint', `${origin}=${target}`]), '--map-ca', file];
}

/** Providers are told their settings by their manifests. */
function withoutSettings(environment: Environment): Environment {
  const others = Object.entries(environment).filter(
    ([name]) => !/^(PVE|PROVIDER|TLS|VIRTRIGAUD)_|^KUBECONFIG$/.test(name),
  );
  return Object.fromEntries(others);
}

function apiIn(line: string): Api | undefined {
  const { url, kubeconfig } = logLine(line);
  return typeof url === 'string' && typeof kubeconfig === 'string' ? { url, kubeconfig } : undefined;
}

/** A line of a JSON log; one that is none is its own message. */
function logLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { level: 'ERROR', msg: line };
  }
}

/** Errors of the manager are the person's business; the rest is in the objects. */
function tellTrouble(line: string, progress: Progress): void {
  const { level, msg, time: _time, ...fields } = logLine(line);
  if (level !== 'ERROR') return;
  const details = Object.entries(fields).map(([key, value]) => `${key}="${String(value)}"`);
  progress.detail(`manager: ${[msg, ...details].join(' ')}`);
}
