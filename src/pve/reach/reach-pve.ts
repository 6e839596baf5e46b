// From settings to a PVE that has answered. Each way in which that fails ends the program with a line of its own.
import { clusterWords, createClusterIdentity } from '../cluster/identity.ts';
import { createAuthenticator } from '../connection/authenticate.ts';
import { connect } from '../connection/connect.ts';
import type { Credentials } from '../connection/credentials.ts';
import type { Endpoint } from '../connection/endpoint.ts';
import type { Pve } from '../connection/pve.ts';
import type { RequestReport } from '../connection/watch.ts';
import type { PveVersion } from '../rules/versions.ts';
import { readVersion } from '../version.ts';
import type { Clock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import type { SettingsSource } from '#runtime/settings';
import { StartupError } from '#runtime/startup-error';
import { type GivenAuthorities, readAuthorities, watchAuthorities } from './authorities.ts';
import { readEndpoints } from './endpoints.ts';
import { CredentialsError, readCredentials } from './read-credentials.ts';
import type { PveSettings } from './settings.ts';
import { noClient, notAuthenticated, notIdentified, startupErrorFor } from './startup-lines.ts';
import { watchCredentials } from './watch-credentials.ts';

export interface ReachedPve {
  readonly pve: Pve;
  readonly version: PveVersion;
}

/** What the program needs to know before it dials. */
export interface Target {
  readonly endpoint: Endpoint;
  /** Further ways to the same cluster. */
  readonly others: readonly Endpoint[];
  readonly credentials: Credentials;
  /** Where they are read again when their files change. */
  readonly source: SettingsSource;
  readonly authorities: GivenAuthorities;
  readonly skipVerify: boolean;
}

/** Real ms; a start that fails has to say so within 15 s, and a refused token is answered after 3. */
const START_LIMIT_MS = 12_000;
const OLDEST_MAJOR = 7;

/** Throws StartupError. */
export async function reachPve(target: Target, settings: PveSettings, clock: Clock, log: Logger): Promise<ReachedPve> {
  const pve = openPve(target, settings, clock, log);
  try {
    return { pve, version: await meetPve(pve, target, settings, log) };
  } catch (error) {
    await pve.close();
    throw error;
  }
}

/** A connection over which nothing has been sent yet. */
export function openPve(
  target: Target,
  settings: PveSettings,
  clock: Clock,
  log: Logger,
  onRequest: (report: RequestReport) => void = () => undefined,
): Pve {
  const { endpoint, others, source } = target;
  tellTheWays(target, log);
  return connect({
    endpoint,
    others,
    cluster: createClusterIdentity({
      ...(settings.cluster === '' ? {} : { expectedName: settings.cluster }),
      mayBeUnknown: others.length === 0 && settings.cluster === '',
    }),
    authenticator: createAuthenticator(watchCredentials(target.credentials, source, clock, log)),
    ca: watchAuthorities(target.authorities, clock, log),
    skipVerify: target.skipVerify,
    requestTimeoutMs: settings.requestTimeoutMs,
    pollIntervalMs: settings.taskPollIntervalMs,
    taskTimeoutMs: settings.taskTimeoutMs,
    clock,
    log,
    onRequest,
  });
}

function tellTheWays({ endpoint, others, skipVerify }: Target, log: Logger): void {
  const all = [endpoint, ...others];
  const unverified = all.filter((one) => one.secure && one.fingerprint === undefined);
  if (skipVerify && unverified.length > 0) {
    const shown = unverified.map(({ address }) => address).join(',');
    log.warn('The certificate of the PVE API is not verified', { endpoint: shown });
  }
  const inClear = all.filter((one) => !one.secure);
  if (inClear.length > 0) {
    const shown = inClear.map(({ address }) => address).join(',');
    log.warn('The PVE API is asked without TLS: credentials travel as they are', { endpoint: shown });
  }
  for (const { address, proxy } of all) {
    if (proxy !== undefined) log.info('PVE is reached through a proxy', { endpoint: address, proxy: proxy.address });
  }
}

/** The first question, which may be asked again after a failure. Throws StartupError. */
export async function meetPve(
  pve: Pve,
  { others }: Target,
  { endpoints }: PveSettings,
  log: Logger,
  cancelled?: AbortSignal,
): Promise<PveVersion> {
  const version = await firstAnswer(pve, endpoints.join(','), cancelled);
  checkCluster(pve, others, log);
  return version;
}

/** Throws StartupError for what can be found wrong before dialling. */
export function readTarget(settings: PveSettings, source: SettingsSource, log: Logger): Target {
  const [endpoint, ...others] = readEndpoints(settings);
  const { insecureSkipVerify, providerInsecureSkipVerify, tlsInsecureSkipVerify } = settings;
  const skipVerify = insecureSkipVerify || providerInsecureSkipVerify || tlsInsecureSkipVerify;
  const credentials = readCredentialsOrEnd(source, log);
  const authorities = readAuthorities(settings.caBundle, source.credentialsFolder);
  return { endpoint, others, credentials, source, authorities, skipVerify };
}

/** Several endpoints are one PVE only where they are nodes of one cluster. Throws StartupError. */
function checkCluster(pve: Pve, others: readonly Endpoint[], log: Logger): void {
  const cluster = pve.cluster?.known();
  if (cluster === undefined) {
    const hint = 'grant Sys.Audit on / to the user and to the API token';
    log.warn('PVE does not tell which cluster this is: an endpoint that leads elsewhere is not noticed', { hint });
  } else if (cluster.name === undefined && others.length > 0) {
    throw notIdentified(`several endpoints, but ${clusterWords(cluster)} is in no cluster`, 'set one endpoint');
  }
}

function readCredentialsOrEnd(source: SettingsSource, log: Logger): Credentials {
  try {
    const { credentials, warning } = readCredentials(source);
    if (warning !== undefined) log.warn('Credentials', { warning });
    return credentials;
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    throw error.problem === 'missing'
      ? noClient('credentials are required', error.message)
      : notAuthenticated(error.message);
  }
}

async function firstAnswer(pve: Pve, endpoint: string, cancelled: AbortSignal | undefined): Promise<PveVersion> {
  const call = deadlineIn(START_LIMIT_MS, cancelled);
  try {
    const version = await readVersion(pve, call);
    if (version.major < OLDEST_MAJOR) {
      throw new StartupError('Unsupported PVE version', { error: `PVE ${version.text} is older than 7.0`, endpoint });
    }
    return version;
  } catch (error) {
    throw startupErrorFor(error, endpoint, pve.endpoint.address);
  } finally {
    call.dispose();
  }
}
