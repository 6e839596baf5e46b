// What a handler throws to answer something else than 200 (pve-behaviour 1.3). The first line of the message becomes
// the HTTP reason phrase, the whole of it the body's `message`.

export class PveError extends Error {
  override readonly name: string = 'PveError';
  readonly status: number;
  /** Per-parameter texts, with status 400. */
  readonly errors: Readonly<Record<string, string>> | undefined;

  constructor(status: number, message: string, errors?: Readonly<Record<string, string>>) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** 401 before any endpoint is asked: the answer has no body and comes late (pve-behaviour 4.4, 4.6). */
export class NotAuthenticated extends PveError {
  override readonly name = 'NotAuthenticated';

  constructor(reason: string) {
    super(401, reason);
  }
}

/** A body that the HTTP server cannot make sense of: told without a word more (recording one-node/101). */
export class BadRequest extends PveError {
  override readonly name = 'BadRequest';

  constructor() {
    super(400, 'Bad Request');
  }
}

/** The server goes on waiting for a body that has come already, until the connection has been idle for too long. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Raised by the HTTP server itself: the answer is plain text without a content type (recordings one-node/21 to 23). */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Any failure that PVE has no better status for: 500 with its text. */
export function failure(message: string): PveError {
  return new PveError(500, message);
}

export function parameterError(errors: Readonly<Record<string, string>>): PveError {
  return new PveError(400, 'Parameter verification failed.', errors);
}

/** @param detail what PVE puts into the brackets, e.g. `/vms/100, VM.Audit`; absent for composite checks. */
export function forbidden(detail?: string): PveError {
  return new PveError(403, detail === undefined ? 'Permission check failed' : `Permission check failed (${detail})`);
}

/** What a failure reads like inside another text or as an exit status: raised ones carry their status, plain ones do not. */
export function taskErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof PveError) || error.status === 500) return error.message;
  const details = Object.entries(error.errors ?? {}).map(([name, text]) => `\n${name}: ${text}`);
  return `${error.status} ${error.message}${details.join('')}`;
}
