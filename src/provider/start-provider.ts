// The provider's parts put together and started: PVE first, then gRPC, then health.
import { Fault } from '#domain/fault';
import { type ReachedPve, reachPve, readTarget } from '#pve/reach/reach-pve';
import { DEFAULT_INSTANCE, instanceName } from '#pve/reach/settings';
import { isNarrow } from '#pve/reach/vmid-range';
import { loadSecurity, type Security } from '#rpc/credentials';
import type { ProgramFlags } from '#rpc/flags';
import { startRpcServer } from '#rpc/server';
import type { Clock } from '#runtime/clock';
import { startHealthServer } from '#runtime/health';
import type { Logger } from '#runtime/log';
import { createMetrics } from '#runtime/metrics';
import type { SettingsSource } from '#runtime/settings';
import { StartupError } from '#runtime/startup-error';
import { createContext } from './context.ts';
import { providerService } from './service.ts';
import { type ProviderSettings, settingWarnings } from './settings.ts';

export interface StartOptions {
  readonly flags: ProgramFlags;
  readonly version: string;
  readonly settings: ProviderSettings;
  readonly source: SettingsSource;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RunningProvider {
  readonly port: number;
  readonly healthPort: number;
  /** Lets running calls finish, for 9 s at most, then tells them to stop. */
  drain(): Promise<void>;
  /** Ends the rest: health, and the connections to PVE. */
  close(): Promise<void>;
}

/** Kubernetes gives 30 s, and the pod's preStop hook takes 15 of them. */
const DRAIN = { finishMs: 9_000, stopMs: 3_000 };

/** Throws StartupError with the line that says why not. */
export async function startProvider(options: StartOptions): Promise<RunningProvider> {
  const { flags, settings, source, clock, log } = options;
  for (const warning of settingWarnings(source)) log.warn('Setting', { warning });
  if (isNarrow(settings.vmidRange)) {
    log.warn('PVE_VMID_RANGE has fewer than 1000 ids: VMs will run out of the slots they may have');
  }
  const target = readTarget(settings, source, log);
  const security = secure(options);
  const reached = await reachPve(target, settings, clock, log);
  const stopping = new AbortController();
  const ctx = createContext({
    ...reached,
    settings,
    instance: instanceOf(settings, log),
    log,
    stopping: stopping.signal,
  });
  const metrics = createMetrics({ component: 'provider', version: options.version });
  const rpc = await startRpcServer({
    ...(flags.host === '' ? {} : { host: flags.host }),
    port: flags.port,
    credentials: security.credentials,
    allowedSans: settings.allowedSans,
    provider: providerService(ctx),
    clock,
    log,
    onCall: (call) => metrics.rpcFinished(call),
  });
  const health = await startHealthServer({
    ...(flags.host === '' ? {} : { host: flags.host }),
    port: flags.healthPort,
    isReady: () => rpc.isServing(),
    metrics: async () => await metrics.text(),
    log,
  });
  rpc.setServing(true);
  logStart(options, reached, { port: rpc.port, health_port: health.port, tls: security.mode, instance: ctx.instance });
  return {
    port: rpc.port,
    healthPort: health.port,
    drain: async () => {
      await rpc.drain(DRAIN);
      stopping.abort(new Fault('busy', { subject: 'provider', why: 'it is stopping' }));
      security.stop();
    },
    close: async () => {
      await health.close();
      await reached.pve.close();
    },
  };
}

function secure({ settings, clock, log }: StartOptions): Security {
  try {
    return loadSecurity({ directory: settings.tlsFolder, insecure: settings.insecureGrpc, clock, log });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new StartupError('Failed to secure the gRPC server', { error: error.message }, error);
  }
}

/** Unique among everything that writes to one PVE cluster. */
function instanceOf(settings: ProviderSettings, log: Logger): string {
  const name = instanceName(settings);
  if (name !== undefined) return name;
  log.warn('This provider calls itself "default"; set PVE_INSTANCE where several write to one PVE cluster');
  return DEFAULT_INSTANCE;
}

function logStart({ log, version }: StartOptions, reached: ReachedPve, fields: Record<string, unknown>): void {
  log.info('Starting Proxmox VE provider server', {
    version,
    pve: reached.version.text,
    endpoint: reached.pve.endpoint.address,
    ...fields,
  });
}
