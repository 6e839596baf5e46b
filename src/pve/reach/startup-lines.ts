// The lines with which a program says why it has no PVE to work on.
import { CLUSTER_STATUS } from '../cluster/status.ts';
import { OtherCluster, ProxyFailed, PveError, PveNoAnswer, pveWords, WayBarred, WrongCertificate } from '../errors.ts';
import { DeadlineError } from '#runtime/deadline';
import { StartupError } from '#runtime/startup-error';

export function notIdentified(error: string, hint: string, cause?: unknown): StartupError {
  return new StartupError('Failed to identify the PVE cluster', { error, hint }, cause);
}

export function noClient(error: string, hint: string, endpoint?: string): StartupError {
  return new StartupError('Failed to create PVE client', { error, endpoint, hint });
}

export function notAuthenticated(hint: string, endpoint?: string, cause?: unknown): StartupError {
  const error = 'authentication failed: invalid credentials';
  return new StartupError('Failed to authenticate', { error, endpoint, hint }, cause);
}

/**
 * What ended the first question to PVE; errors that are none of PVE's stay as they are.
 * @param endpoint as it was set, all of them
 * @param address `host:port` of the one in use
 */
export function startupErrorFor(error: unknown, endpoint: string, address: string): unknown {
  if (error instanceof DeadlineError) {
    return new StartupError('Failed to connect', { error: `dial tcp ${address}: i/o timeout`, endpoint }, error);
  }
  if (error instanceof PveError && error.status === 401) {
    return notAuthenticated(
      `PVE says "${pveWords(error)}"; check id, secret and expiry, or user and password`,
      endpoint,
      error,
    );
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
      hint: isRedirect(error) ? REDIRECTED : undefined,
    });
  }
  if (error instanceof PveNoAnswer && error.cause instanceof WayBarred) return barred(error, error.cause, endpoint);
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

const REDIRECTED = 'redirects are not followed: does PVE_ENDPOINT begin with https://, and lead to the API?';

function isRedirect({ status }: PveError): boolean {
  return status >= 300 && status <= 399;
}

function barred({ endpoint: address, code }: PveNoAnswer, cause: WayBarred, endpoint: string): StartupError {
  const { hint } = cause;
  if (cause instanceof ProxyFailed) {
    const error = `proxyconnect tcp: ${cause.proxy}: ${cause.answer ?? dialWords(code)}`;
    return new StartupError('Failed to connect', { error, proxy: cause.proxy, endpoint, hint }, cause);
  }
  const words = cause instanceof WrongCertificate ? 'x509: certificate with another fingerprint' : code;
  const seen = cause instanceof WrongCertificate ? { expected: cause.expected, seen: cause.seen } : {};
  return new StartupError(
    'Failed to connect',
    { error: `dial tcp ${address}: ${words}`, endpoint, ...seen, hint },
    cause,
  );
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
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'x509: certificate is not valid for this name',
  'not-pve': 'not a PVE API',
  '502': 'bad gateway',
  '503': 'service unavailable',
  '504': 'gateway timeout',
};

const UNKNOWN_AUTHORITY =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET).*|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE)$/;

function dialWords(code: string): string {
  if (UNKNOWN_AUTHORITY.test(code)) return 'x509: certificate signed by unknown authority';
  return DIAL_WORDS[code] ?? code.replace(/^login-/, 'the login was answered ');
}

function networkHint(code: string): string | undefined {
  if (UNKNOWN_AUTHORITY.test(code))
    return 'give the CA of the cluster as PVE_CA_BUNDLE, or ca.crt in the credentials secret';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'use a name or address that the certificate has, or give its fingerprint as PVE_FINGERPRINT';
  }
  if (code === 'not-pve') return 'does PVE_ENDPOINT lead to the API of PVE, with the path that a gateway wants?';
  if (/^50[234]$/.test(code)) return 'a gateway answers that does not reach PVE';
  return code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' ? 'is PVE running there, and its port open?' : undefined;
}
