// The provider as a process: from flags and settings to a server that drains when it is told to stop.
import { Fault } from '#domain/fault';
import { loadSecurity, type Security } from '#rpc/credentials';
import type { ProgramFlags } from '#rpc/flags';
import { startRpcServer } from '#rpc/server';
import { createClock } from '#runtime/clock';
import { startHealthServer } from '#runtime/health';
import { createLogger, type Logger } from '#runtime/log';
import { createMetrics } from '#runtime/metrics';
import { SettingError, type SettingsSource } from '#runtime/settings';
import { createShutdown } from '#runtime/shutdown';
import { createContext } from './context.ts';
import { type ReachedPve, reachPve, readTarget } from './reach-pve.ts';
import { providerService } from './service.ts';
import { type ProviderSettings, readProviderSettings, settingsSource, settingWarnings } from './settings.ts';
import { StartupError } from './startup-error.ts';

export interface ProgramOptions {
  readonly flags: ProgramFlags;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Kubernetes gives 30 s, and the pod's preStop hook takes 15 of them. */
const DRAIN = { finishMs: 9_000, stopMs: 3_000 };
const SHUTDOWN_LIMIT_MS = 14_000;

/** Serves until a signal comes. Ends the process with 1, and the reason in the log, where it cannot start. */
export async function runProvider(options: ProgramOptions): Promise<void> {
  const source = settingsSource(options.environment);
  let log = createLogger();
  try {
    const settings = readProviderSettings(source);
    log = createLogger({ format: settings.logFormat, level: settings.logLevel });
    await serve(options, settings, source, log);
  } catch (error) {
    const line = startupLine(error);
    log.error(line.message, line.fields);
    process.exit(1);
  }
}

function startupLine(error: unknown): Pick<StartupError, 'message' | 'fields'> {
  if (error instanceof StartupError) return error;
  if (error instanceof SettingError) return { message: 'Invalid setting', fields: { error: error.message } };
  return { message: 'Failed to start', fields: { error } };
}

async function serve(
  options: ProgramOptions,
  settings: ProviderSettings,
  source: SettingsSource,
  log: Logger,
): Promise<void> {
  const clock = createClock({ factor: options.flags.timeScale });
  for (const warning of settingWarnings(source)) log.warn('Setting', { warning });
  const target = readTarget(settings, source);
  const security = secure(settings, clock, log);
  const reached = await reachPve(target, settings, clock, log);
  const ctx = createContext({ ...reached, settings, instance: instanceOf(settings, log), log });
  const metrics = createMetrics({ component: 'provider', version: options.version });
  const shutdown = createShutdown({ clock, log, limitMs: SHUTDOWN_LIMIT_MS });

  const rpc = await startRpcServer({
    port: options.flags.port,
    credentials: security.credentials,
    allowedSans: settings.allowedSans,
    provider: providerService(ctx),
    clock,
    log,
    onCall: (call) => metrics.rpcFinished(call),
  });
  const health = await startHealthServer({
    port: options.flags.healthPort,
    isReady: () => rpc.isServing(),
    metrics: async () => await metrics.text(),
    log,
  });
  shutdown.add('PVE connection', async () => await reached.pve.close());
  shutdown.add('health server', async () => await health.close());
  shutdown.add('gRPC server', async () => {
    await rpc.drain(DRAIN);
    security.stop();
  });
  shutdown.listen();
  rpc.setServing(true);
  logStart(log, options, reached, {
    port: rpc.port,
    health_port: health.port,
    tls: security.mode,
    instance: ctx.instance,
  });
}

function secure(
  settings: ProviderSettings,
  clock: ReturnType<typeof createClock>,
  log: Logger,
): Security {
  try {
    return loadSecurity({ directory: settings.tlsFolder, insecure: settings.insecureGrpc, clock, log });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new StartupError('Failed to secure the gRPC server', { error: error.message }, error);
  }
}

/** Unique among everything that writes to one PVE cluster. */
function instanceOf(settings: ProviderSettings, log: Logger): string {
  if (settings.instance !== '') return settings.instance;
  const { providerNamespace: namespace, providerName: name } = settings;
  if (namespace !== '' && name !== '') return `${namespace}/${name}`;
  log.warn('This provider calls itself "default"; set PVE_INSTANCE where several write to one PVE cluster');
  return 'default';
}

function logStart(log: Logger, options: ProgramOptions, reached: ReachedPve, fields: Record<string, unknown>): void {
  log.info('Starting Proxmox VE provider server', {
    version: options.version,
    pve: reached.version.text,
    endpoint: reached.pve.endpoint.address,
    token: reached.token.id,
    ...fields,
  });
}
