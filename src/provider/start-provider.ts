// The provider's parts put together and started: PVE first, then gRPC, then health.
import { Fault } from '#domain/fault';
import { meetPve, openPve, readTarget, type Target } from '#pve/reach/reach-pve';
import { DEFAULT_INSTANCE, instanceName } from '#pve/reach/settings';
import type { Pve } from '#pve/connection/pve';
import type { RequestReport } from '#pve/connection/watch';
import type { PveVersion } from '#pve/rules/versions';
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
import { type Contact, contactWith, pursueContact } from './contact.ts';
import { createContext } from './context.ts';
import { providerService } from './service.ts';
import { type ProviderSettings, settingWarnings, startupMode } from './settings.ts';
import { untilContact } from './until-contact.ts';

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
  const stopping = new AbortController();
  const metrics = createMetrics({ component: 'provider', version: options.version });
  const pve = openPve(target, settings, clock, log, (request) => metrics.pveAsked(answersWell(request)));
  const contact = await makeContact(options, target, pve, stopping.signal);
  const ctx = createContext({
    pve,
    contact,
    settings,
    instance: instanceOf(settings, log),
    log,
    stopping: stopping.signal,
  });
  const rpc = await startRpcServer({
    ...(flags.host === '' ? {} : { host: flags.host }),
    port: flags.port,
    credentials: security.credentials,
    allowedSans: settings.allowedSans,
    provider: untilContact(providerService(ctx), contact),
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
  log.info('Starting Proxmox VE provider server', {
    version: options.version,
    endpoint: pve.endpoint.address,
    port: rpc.port,
    health_port: health.port,
    tls: security.mode,
    instance: ctx.instance,
  });
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
      stopping.abort();
      await pve.close();
    },
  };
}

/** Undefined where the request says nothing about PVE: the time of its caller was over. */
function answersWell({ status, code }: RequestReport): boolean | undefined {
  return code === 'deadline' || (status === undefined && code === undefined)
    ? undefined
    : status !== undefined && status !== 401;
}

/** Where it may wait for PVE, at once; else it throws what stands in the way, StartupError for the most part. */
async function makeContact(
  { settings, clock, log }: StartOptions,
  target: Target,
  pve: Pve,
  stopping: AbortSignal,
): Promise<Contact> {
  const meet = async (): Promise<PveVersion> => {
    const version = await meetPve(pve, target, settings, log, stopping);
    log.info('PVE is reached', { pve: version.text, endpoint: pve.endpoint.address });
    // Nobody waits for endpoints that are down: they are proven when they are first used.
    void pve.visitOthers();
    return version;
  };
  if (startupMode(settings) === 'retry') return pursueContact({ meet, clock, log, stopping });
  try {
    return contactWith(await meet());
  } catch (error) {
    await pve.close();
    throw error;
  }
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
