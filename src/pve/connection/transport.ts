import { Agent } from 'undici';
import type { Clock } from '#runtime/clock';
import { PveNoAnswer } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { exchange, ExchangeFailed } from './exchange.ts';
import type { PveAnswer, PveRequest, Send } from './request.ts';

export interface TransportOptions {
  readonly endpoint: Endpoint;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca: string | undefined;
  readonly skipVerify: boolean;
  /** From the start of a request to the end of its answer, ms of the clock. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
}

export interface Transport {
  readonly send: Send<PveAnswer>;
  close(): Promise<void>;
}

/** Real ms. PVE cuts idle connections after 4.7 to 5 s (pve-behaviour 1.5); ours are gone before. */
const IDLE_MS = 4_000;
/** Real ms to a connection, TLS included. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Real ms that a request always has, so that a busy machine under a fast clock is not taken for a silent node. */
const MIN_REQUEST_TIMEOUT_MS = 2_000;

class SilentTooLong extends Error {
  override readonly name = 'SilentTooLong';
}

/** The end of the chain: the socket. Failures become `PveNoAnswer`; every answer, good or bad, is handed on. */
export function createTransport(options: TransportOptions): Transport {
  const { clock, endpoint } = options;
  const timeoutMs = Math.max(options.requestTimeoutMs, MIN_REQUEST_TIMEOUT_MS * clock.factor);
  const agent = new Agent({
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    pipelining: 1,
    allowH2: false,
    // One timer decides, the one below.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      rejectUnauthorized: !options.skipVerify,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    },
  });
  const send = async (request: PveRequest): Promise<PveAnswer> => {
    request.call.check();
    const silence = new AbortController();
    const cancel = clock.after(timeoutMs, () => silence.abort(new SilentTooLong(`no answer within ${timeoutMs} ms`)));
    try {
      const signal = AbortSignal.any([request.call.signal, silence.signal]);
      return await exchange(agent, dispatchOptions(endpoint, request), signal);
    } catch (error) {
      throw failure(error, request, endpoint);
    } finally {
      cancel();
    }
  };
  return { send, close: async () => await agent.close() };
}

function dispatchOptions(endpoint: Endpoint, request: PveRequest): Parameters<Agent['dispatch']>[0] {
  const query = request.query === '' ? '' : `?${request.query}`;
  return {
    origin: endpoint.origin,
    path: `/api2/json${request.path}${query}`,
    method: request.method,
    headers: { ...request.headers },
    body: request.body ?? null,
  };
}

/** The deadline's own reason where it came before the first byte was written, so that nobody takes it for PVE's silence. */
function failure(error: unknown, request: PveRequest, endpoint: Endpoint): unknown {
  const failed = error instanceof ExchangeFailed ? error : new ExchangeFailed(true, error);
  if (!failed.sent && request.call.signal.aborted) return request.call.signal.reason;
  return new PveNoAnswer({
    outcome: failed.sent ? 'unknown' : 'not-sent',
    method: request.method,
    path: request.path,
    endpoint: endpoint.address,
    code: codeOf(failed.cause, request),
    cause: failed.cause,
  });
}

/** undici's own codes in the system's words, so that readers need only one list. */
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_SOCKET: 'ECONNRESET',
};

function codeOf(cause: unknown, request: PveRequest): string {
  if (cause instanceof SilentTooLong) return 'timeout';
  if (request.call.signal.aborted) return 'deadline';
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return SYSTEM_CODES[code] ?? code;
}
