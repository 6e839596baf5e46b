// The two programs of a quickstart, started as anybody would start them.
import type { Launched, Programs } from './launch.ts';
import type { Progress } from './progress.ts';
import { type SimulatorInfo, simulatorInfo } from './simulator-info.ts';

export interface Program {
  readonly path: string;
  /** The person's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How much faster than real time the simulated cluster runs. */
const TIME_SCALE = 3;

export async function startSimulator(
  { path, environment }: Program,
  progress: Progress,
  programs: Programs,
): Promise<SimulatorInfo> {
  return await progress.step('start a simulated PVE cluster', async () => {
    const { ready } = await programs.launch({
      name: 'the simulator',
      program: path,
      args: ['--port', '0', '--control-port', '0', '--cluster', 'three-node', '--time-scale', String(TIME_SCALE)],
      environment,
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

export interface ProviderPorts {
  readonly port: number;
  readonly health_port: number;
}

export async function startProvider(
  { path, environment }: Program,
  progress: Progress,
  programs: Programs,
  simulator: SimulatorInfo | undefined,
): Promise<Launched<ProviderPorts>> {
  return await progress.step('start the provider', async () => {
    return await programs.launch({
      name: 'the provider',
      program: path,
      // Plaintext, and therefore on loopback only.
      args: ['--host=127.0.0.1', '--port=0', '--health-port=0', `--time-scale=${simulator?.timeScale ?? 1}`],
      environment: {
        ...(simulator === undefined ? environment : settingsFor(simulator, environment)),
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
  environment: Program['environment'],
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
