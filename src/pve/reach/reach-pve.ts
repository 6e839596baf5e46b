// From settings to a PVE that has answered. Each way in which that fails ends the program with a line of its own.
import { existsSync, readFileSync } from 'node:fs';
import { clusterWords, createClusterIdentity } from '../cluster/identity.ts';
import { CLUSTER_STATUS } from '../cluster/status.ts';
import { tokenAuthenticator } from '../connection/authenticate.ts';
import { connect } from '../connection/connect.ts';
import { type Endpoint, parseEndpoint } from '../connection/endpoint.ts';
import type { Pve } from '../connection/pve.ts';
import { OtherCluster, PveError, PveNoAnswer, pveWords } from '../errors.ts';
import type { PveVersion } from '../rules/versions.ts';
import { readVersion } from '../version.ts';
import type { Clock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import type { SettingsSource } from '#runtime/settings';
import { StartupError } from '#runtime/startup-error';
import { CredentialsError, readToken, type TokenCredentials } from './token.ts';
import type { PveSettings } from './settings.ts';

export interface ReachedPve {
  readonly pve: Pve;
  readonly version: PveVersion;
  readonly token: TokenCredentials;
}

/** What the program needs to know before it dials. */
export interface Target {
  readonly endpoint: Endpoint;
  /** Further ways to the same cluster. */
  readonly others: readonly Endpoint[];
  readonly token: TokenCredentials;
  readonly ca: string | undefined;
  readonly skipVerify: boolean;
}

/** Real ms; a start that fails has to say so within 15 s, and a refused token is answered after 3. */
const START_LIMIT_MS = 12_000;
const OLDEST_MAJOR = 7;

/** Throws StartupError. */
export async function reachPve(target: Target, settings: PveSettings, clock: Clock, log: Logger): Promise<ReachedPve> {
  const { endpoint, others, token } = target;
  const pve = connect({
    endpoint,
    others,
    cluster: createClusterIdentity({
      ...(settings.cluster === '' ? {} : { expectedName: settings.cluster }),
      mayBeUnknown: others.length === 0 && settings.cluster === '',
    }),
    authenticator: tokenAuthenticator(token.id, token.secret),
    ca: target.ca,
    skipVerify: target.skipVerify,
    requestTimeoutMs: settings.requestTimeoutMs,
    pollIntervalMs: settings.taskPollIntervalMs,
    taskTimeoutMs: settings.taskTimeoutMs,
    clock,
    log,
  });
  const shown = settings.endpoints.join(',');
  if (target.skipVerify) log.warn('The certificate of the PVE API is not verified', { endpoint: shown });
  try {
    const version = await firstAnswer(pve, shown);
    checkCluster(pve, others, log);
    // Nobody waits for endpoints that are down: they are proven when they are first used.
    void pve.visitOthers();
    return { pve, version, token };
  } catch (error) {
    await pve.close();
    throw error;
  }
}

/** Throws StartupError for what can be found wrong before dialling. */
export function readTarget(settings: PveSettings, source: SettingsSource): Target {
  const [endpoint, ...others] = readEndpoints(settings.endpoints);
  if (endpoint === undefined) {
    throw noClient('endpoint is required', 'set PVE_ENDPOINT, such as https://pve.example.com:8006');
  }
  const { insecureSkipVerify, providerInsecureSkipVerify, tlsInsecureSkipVerify } = settings;
  const skipVerify = insecureSkipVerify || providerInsecureSkipVerify || tlsInsecureSkipVerify;
  return { endpoint, others, token: readTokenOrEnd(source), ca: readCa(settings.caBundle), skipVerify };
}

/** Each once. */
function readEndpoints(texts: readonly string[]): Endpoint[] {
  const endpoints = texts.map((text) => {
    const endpoint = parseEndpoint(text);
    if (endpoint !== undefined) return endpoint;
    throw noClient('invalid endpoint URL', 'use a URL such as https://pve.example.com:8006', text);
  });
  return [...new Map(endpoints.map((endpoint) => [endpoint.origin, endpoint])).values()];
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

function notIdentified(error: string, hint: string, cause?: unknown): StartupError {
  return new StartupError('Failed to identify the PVE cluster', { error, hint }, cause);
}

function noClient(error: string, hint: string, endpoint?: string): StartupError {
  return new StartupError('Failed to create PVE client', { error, endpoint, hint });
}

function readTokenOrEnd(source: SettingsSource): TokenCredentials {
  try {
    return readToken(source);
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    throw error.problem === 'missing'
      ? noClient('credentials are required', error.message)
      : notAuthenticated(error.message);
  }
}

function notAuthenticated(hint: string, endpoint?: string): StartupError {
  return new StartupError('Failed to authenticate', {
    error: 'authentication failed: invalid credentials',
    endpoint,
    hint,
  });
}

/** PEM text, or the path of a file that holds it. */
function readCa(bundle: string): string | undefined {
  if (bundle === '') return undefined;
  if (bundle.includes('-----BEGIN CERTIFICATE-----')) return bundle;
  const file = existsSync(bundle) ? readFileSync(bundle, 'utf8') : '';
  if (file.includes('-----BEGIN CERTIFICATE-----')) return file;
  throw noClient('invalid CA bundle', 'PVE_CA_BUNDLE (or ca.crt) is neither PEM text nor the path of a PEM file');
}

async function firstAnswer(pve: Pve, endpoint: string): Promise<PveVersion> {
  const call = deadlineIn(START_LIMIT_MS);
  try {
    const version = await readVersion(pve, call);
    if (version.major < OLDEST_MAJOR) {
      throw new StartupError('Unsupported PVE version', { error: `PVE ${version.text} is older than 7.0`, endpoint });
    }
    return version;
  } catch (error) {
    throw startupErrorFor(error, endpoint);
  } finally {
    call.dispose();
  }
}

function startupErrorFor(error: unknown, endpoint: string): unknown {
  if (error instanceof PveError && error.status === 401) {
    return notAuthenticated('PVE refused the API token; check its id, secret and expiry', endpoint);
  }
  if (error instanceof PveError && error.status === 403 && error.path === CLUSTER_STATUS) {
    const why = 'several endpoints, or PVE_CLUSTER, cannot be checked without Sys.Audit on /';
    return notIdentified(why, 'grant it to the user and to the API token', error);
  }
  if (error instanceof OtherCluster) return notIdentified(error.message, 'correct PVE_ENDPOINT or PVE_CLUSTER', error);
  if (error instanceof PveError) {
    return new StartupError('Failed to connect', {
      error: `PVE answered ${error.status} "${pveWords(error)}"`,
      endpoint,
    });
  }
  if (error instanceof PveNoAnswer) {
    const hint = networkHint(error.code);
    return new StartupError(
      'Failed to connect',
      { error: `dial tcp ${error.endpoint}: ${dialWords(error.code)}`, endpoint, hint },
      error,
    );
  }
  return error;
}

/** The words of the documentation and of Go's net package, by the code of the failure. */
const DIAL_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'no route to host',
  ETIMEDOUT: 'i/o timeout',
  UND_ERR_CONNECT_TIMEOUT: 'i/o timeout',
  timeout: 'i/o timeout',
  deadline: 'i/o timeout',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  'not-pve': 'not a PVE API',
};

const UNKNOWN_AUTHORITY =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET).*|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE)$/;

function dialWords(code: string): string {
  if (UNKNOWN_AUTHORITY.test(code)) return 'x509: certificate signed by unknown authority';
  return DIAL_WORDS[code] ?? code;
}

function networkHint(code: string): string | undefined {
  if (UNKNOWN_AUTHORITY.test(code))
    return 'give the CA of the cluster as PVE_CA_BUNDLE, or ca.crt in the credentials secret';
  return code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' ? 'is PVE running there, and its port open?' : undefined;
}
