// What went wrong between us and PVE, as facts: who said what about which call. What kind of fault that is for the
// caller is decided elsewhere; PVE's texts are told apart by rules/texts.ts.
import { inspect } from 'node:util';

export interface PveErrorFacts {
  readonly status: number;
  /** The first line of PVE's text. */
  readonly reason: string;
  /** PVE's whole text; the same as `reason` on hosts that send no body (before 8.3). */
  readonly message: string;
  /** Parameter to what is wrong with it, with status 400. */
  readonly errors: Readonly<Record<string, string>>;
  readonly method: string;
  /** Below `/api2/json`. */
  readonly path: string;
}

/** PVE answered, with something other than success. */
export class PveError extends Error {
  override readonly name = 'PveError';
  readonly status: number;
  readonly reason: string;
  readonly errors: Readonly<Record<string, string>>;
  readonly method: string;
  readonly path: string;

  constructor(facts: PveErrorFacts) {
    super(facts.message);
    this.status = facts.status;
    this.reason = facts.reason;
    this.errors = facts.errors;
    this.method = facts.method;
    this.path = facts.path;
  }
}

/** `not-sent`: no byte of the request left us, so it was not carried out. `unknown`: it may have been. */
export type NoAnswerOutcome = 'not-sent' | 'unknown';

export interface NoAnswerFacts {
  readonly outcome: NoAnswerOutcome;
  readonly method: string;
  readonly path: string;
  /** `host:port` as it was set. */
  readonly endpoint: string;
  /**
   * The system's or TLS's code (`ECONNREFUSED`, `ENOTFOUND`, `EHOSTUNREACH`, `ETIMEDOUT`, `ECONNRESET`,
   * `UNABLE_TO_VERIFY_LEAF_SIGNATURE`, ...), or `timeout` (sent, and silent for too long), `deadline` (the caller's
   * time was over), `not-pve` (an answer PVE does not give), the `code` of a `WayBarred`, or the status of a gateway
   * that did not reach PVE (`502`, `503`, `504`).
   */
  readonly code: string;
  readonly cause: unknown;
}

/** What a `PveNoAnswer` comes of where more than silence is known: the message says it, the hint what a person can do. */
export class WayBarred extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** The proxy on the way to PVE could not be reached, or let nobody through. */
export class ProxyFailed extends WayBarred {
  override readonly name = 'ProxyFailed';

  /** `host:port` */
  readonly proxy: string;
  /** `407 Proxy Authentication Required`; undefined where it did not answer. */
  readonly answer: string | undefined;

  /** @param said what it answered, or the code of why it did not. */
  constructor(proxy: string, said: { readonly answer: string } | { readonly code: string }, cause?: unknown) {
    const answer = 'answer' in said ? said.answer : undefined;
    const words =
      'answer' in said
        ? `the proxy ${proxy} answered ${said.answer}`
        : `no answer from the proxy ${proxy} (${said.code})`;
    const hint = 'check HTTPS_PROXY and NO_PROXY (HTTP_PROXY for an endpoint without TLS)';
    super('code' in said ? said.code : 'proxy', words, hint, cause);
    this.proxy = proxy;
    this.answer = answer;
  }
}

/** The endpoint shows another certificate than the one whose fingerprint was given. */
export class WrongCertificate extends WayBarred {
  override readonly name = 'WrongCertificate';
  /** SHA-256, `AB:CD:...`, as is `seen`. */
  readonly expected: string;
  readonly seen: string;

  constructor(endpoint: string, expected: string, seen: string) {
    super(
      'WRONG_CERTIFICATE',
      `the certificate of ${endpoint} has the fingerprint ${seen}, not ${expected}`,
      'if the certificate was renewed, put its fingerprint into PVE_FINGERPRINT',
    );
    this.expected = expected;
    this.seen = seen;
  }
}

/** A write that was meant for another endpoint: the one it would have gone to is in the part without quorum. */
export class QuorumLost extends WayBarred {
  override readonly name = 'QuorumLost';

  constructor(endpoint: string) {
    super('no-quorum', `${endpoint} has no quorum`, 'bring the cluster back to quorum');
  }
}

/** Nothing came back that is an answer of PVE's. */
export class PveNoAnswer extends Error {
  override readonly name = 'PveNoAnswer';
  readonly outcome: NoAnswerOutcome;
  readonly method: string;
  readonly path: string;
  readonly endpoint: string;
  readonly code: string;

  constructor(facts: NoAnswerFacts) {
    const why =
      facts.cause instanceof WayBarred ? facts.cause.message : `no answer from ${facts.endpoint} (${facts.code})`;
    super(`${facts.method} ${facts.path}: ${why}`, { cause: facts.cause });
    this.outcome = facts.outcome;
    this.method = facts.method;
    this.path = facts.path;
    this.endpoint = facts.endpoint;
    this.code = facts.code;
  }
}

export interface OtherClusterFacts {
  /** `host:port` as it was set. */
  readonly endpoint: string;
  /** The cluster we work on, in words. */
  readonly known: string;
  /** The one behind the endpoint, in words. */
  readonly found: string;
  /** What else went wrong before this was the last hope, in words. */
  readonly besides?: string;
}

/** The endpoint leads to another cluster than the one we work on: it was asked for its name and for nothing else. */
export class OtherCluster extends Error {
  override readonly name = 'OtherCluster';
  readonly facts: OtherClusterFacts;

  constructor(facts: OtherClusterFacts) {
    const besides = facts.besides === undefined ? '' : ` (${facts.besides})`;
    super(`${facts.endpoint} leads to ${facts.found}, not to ${facts.known}${besides}`);
    this.facts = facts;
  }
}

/** PVE answered with success, but not in the shape its interface has: a version we do not know, or no PVE at all. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';

  constructor(what: string, got: unknown) {
    super(`PVE answered something unexpected: ${what}, got ${inspect(got, { breakLength: Infinity }).slice(0, 200)}`);
  }
}

/** PVE's own words, message and parameters, on one line. */
export function pveWords(error: PveError): string {
  const parameters = Object.entries(error.errors).map(([name, text]) => `${name}: ${text}`);
  return [error.message, ...parameters].join(' ').replace(/\s+/g, ' ').trim();
}

/** The node behind the one that answers could not be reached, so nothing was carried out (pve-behaviour 1.3). */
export function isNodeDown(error: unknown): error is PveError {
  return error instanceof PveError && error.status === 595;
}

/** The node behind the one that answers was reached and then failed; the call may go on there (596 to 599). */
export function isNodeLost(error: unknown): error is PveError {
  return error instanceof PveError && error.status >= 596 && error.status <= 599;
}

/** pve-behaviour 28.7: the worker may run although its id could not be read. */
const NO_WORKER = 'got no worker upid - start worker failed';

/** Whether a write that failed so may have been carried out all the same: read back before anything else. */
export function isUnknownOutcome(error: unknown): boolean {
  if (error instanceof PveNoAnswer) return error.outcome === 'unknown';
  return isNodeLost(error) || (error instanceof PveError && error.message.includes(NO_WORKER));
}
