import type { Client } from 'undici';
import type { Clock } from '#runtime/clock';
import { DeadlineError } from '#runtime/deadline';
import { CLUSTER_STATUS } from '../cluster/status.ts';
import { PveNoAnswer } from '../errors.ts';
import { ConnectionGone, createConnections, Unproven } from './connections.ts';
import type { Trust } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import { exchange, ExchangeFailed } from './exchange.ts';
import type { Link, PveAnswer, PveRequest, Send } from './request.ts';

export interface TransportOptions extends Trust {
  readonly endpoint: Endpoint;
  /** From the start of a request to the end of its answer, ms of the clock. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  /** Signs what goes over one connection. */
  readonly sign: Link<PveAnswer>;
  /** Asks, over a new connection, whoever answers there; throws where it is not to be used. */
  readonly prove?: (send: Send<PveAnswer>) => Promise<void>;
}

export interface Transport {
  /** Throws `Unproven` where whoever answers is not to be used. */
  readonly send: Send<PveAnswer>;
  /**
   * Proves whoever answers, over a connection of its own, and asks nothing else, within 5 s. Throws what `send` does.
   */
  visit(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Real ms that a request always has, so that a busy machine under a fast clock is not taken for a silent node. */
const MIN_REQUEST_TIMEOUT_MS = 2_000;

/** Real ms that a host has to say who it is: PVE answers at once, and refuses a token after 3 s. */
const PROOF_LIMIT_MS = 5_000;

class SilentTooLong extends Error {
  override readonly name = 'SilentTooLong';
}

/** The end of the chain: the socket. Failures become `PveNoAnswer`; every answer, good or bad, is handed on. */
export function createTransport(options: TransportOptions): Transport {
  const { clock, endpoint, prove } = options;
  const timeoutMs = Math.max(options.requestTimeoutMs, MIN_REQUEST_TIMEOUT_MS * clock.factor);
  const connections = createConnections({
    ...options,
    prove: prove === undefined ? undefined : async (client) => await prove(sendWhileUnproven(client, options)),
  });

  /** Until a connection has lasted as long as it takes to write the request. */
  async function exchangeOnAny(request: PveRequest, silence: AbortSignal): Promise<PveAnswer> {
    for (;;) {
      const connection = await connections.take(AbortSignal.any([request.call.signal, silence]));
      try {
        return await sendOver(connection.client, options, () => silence)(request);
      } catch (error) {
        if (!(error instanceof ExchangeFailed && error.cause instanceof ConnectionGone)) throw error;
      } finally {
        connections.giveBack(connection);
      }
    }
  }

  const send = async (request: PveRequest): Promise<PveAnswer> => {
    request.call.check();
    const silence = new AbortController();
    const cancel = clock.after(timeoutMs, () => silence.abort(new SilentTooLong(`no answer within ${timeoutMs} ms`)));
    try {
      return await exchangeOnAny(request, silence.signal);
    } catch (error) {
      throw failure(error, request, endpoint);
    } finally {
      cancel();
    }
  };
  return {
    send,
    visit: async (signal) => {
      try {
        await connections.visit(AbortSignal.any([signal, AbortSignal.timeout(PROOF_LIMIT_MS)]));
      } catch (error) {
        throw failure(error, { method: 'GET', path: CLUSTER_STATUS, call: { signal } }, endpoint);
      }
    },
    close: async () => await connections.close(),
  };
}

/** What goes over one connection, and the logins it takes. */
function sendOver(client: Client, { endpoint, sign }: TransportOptions, limit: () => AbortSignal): Send<PveAnswer> {
  return sign(async (request) => {
    const signal = AbortSignal.any([request.call.signal, limit()]);
    return await exchange(client, dispatchOptions(endpoint, request), signal);
  });
}

/** One connection, used while it is not known yet whether it is to be used. */
function sendWhileUnproven(client: Client, options: TransportOptions): Send<PveAnswer> {
  const send = sendOver(client, options, () => AbortSignal.timeout(PROOF_LIMIT_MS));
  return async (request) => {
    try {
      return await send(request);
    } catch (error) {
      throw failure(error, request, options.endpoint);
    }
  };
}

function dispatchOptions(endpoint: Endpoint, request: PveRequest): Parameters<Client['dispatch']>[0] {
  const query = request.query === '' ? '' : `?${request.query}`;
  return {
    origin: endpoint.origin,
    path: `${endpoint.prefix}/api2/json${request.path}${query}`,
    method: request.method,
    headers: { ...request.headers },
    body: request.body ?? null,
  };
}

type Asked = Pick<PveRequest, 'method' | 'path'> & { readonly call: Pick<PveRequest['call'], 'signal'> };

/** The deadline's own reason where it came before the first byte was written, so that nobody takes it for PVE's silence. */
function failure(error: unknown, request: Asked, endpoint: Endpoint): unknown {
  if (error instanceof Unproven) return error;
  const isSent = error instanceof ExchangeFailed && error.sent;
  const cause = error instanceof ExchangeFailed ? error.cause : error;
  if (!isSent && request.call.signal.aborted) return request.call.signal.reason;
  return new PveNoAnswer({
    outcome: isSent ? 'unknown' : 'not-sent',
    method: request.method,
    path: request.path,
    endpoint: endpoint.address,
    code: codeOf(cause, request),
    cause,
  });
}

/** undici's own codes in the system's words, so that readers need only one list. */
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_SOCKET: 'ECONNRESET',
};

function codeOf(cause: unknown, request: Asked): string {
  const isTimeout = cause instanceof DOMException && cause.name === 'TimeoutError';
  if (isTimeout || cause instanceof SilentTooLong) return 'timeout';
  if (request.call.signal.aborted) return 'deadline';
  // Not the caller's: that of a login.
  if (cause instanceof DeadlineError) return 'timeout';
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return SYSTEM_CODES[code] ?? code;
}
