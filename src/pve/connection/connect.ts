import type { Clock } from '#runtime/clock';
import type { Deadline } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import { createTaskTimes } from '../task-times.ts';
import { authenticate, type Authenticator } from './authenticate.ts';
import type { Endpoint } from './endpoint.ts';
import { openEnvelope } from './envelope.ts';
import { limitPerNode } from './limit.ts';
import { encodeMultipart } from './multipart.ts';
import { encodeParams, type Params } from './params.ts';
import type { Pve } from './pve.ts';
import type { Method, PveRequest, Send } from './request.ts';
import { retryPassing } from './retry.ts';
import { createServerTime } from './server-time.ts';
import { createTransport } from './transport.ts';
import { type RequestReport, watchRequests } from './watch.ts';

export interface ConnectOptions {
  readonly endpoint: Endpoint;
  readonly authenticator: Authenticator;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  readonly skipVerify?: boolean;
  /** For one request, ms of the clock; 30 s where absent. */
  readonly requestTimeoutMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests in flight per node; 3 where absent. */
  readonly perNodeLimit?: number;
  /** 2 s where absent. */
  readonly pollIntervalMs?: number;
  /** 5 min where absent. */
  readonly taskTimeoutMs?: number;
  readonly onRequest?: (report: RequestReport) => void;
}

/** A connection to one endpoint. Nothing is sent before the first call. */
export function connect(options: ConnectOptions): Pve {
  const { clock, log, endpoint } = options;
  const transport = createTransport({
    endpoint,
    ca: options.ca,
    skipVerify: options.skipVerify ?? false,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    clock,
  });
  const serverTime = createServerTime(clock);

  // The chain, from the socket outwards. A pause between two tries keeps its place under the limit, so that a node in
  // trouble is asked no more than others.
  const signed = authenticate(options.authenticator)(serverTime.link(transport.send));
  const opened = openEnvelope(signed, endpoint.address);
  const watched = watchRequests(clock, log, options.onRequest ?? (() => undefined))(opened);
  const retried = retryPassing(clock)(watched);
  const send = limitPerNode(options.perNodeLimit ?? 3)(retried);

  return {
    endpoint,
    clock,
    log,
    tasks: {
      pollIntervalMs: options.pollIntervalMs ?? 2_000,
      taskTimeoutMs: options.taskTimeoutMs ?? 300_000,
      times: createTaskTimes(),
    },
    ...verbs(send),
    serverTime: () => serverTime.read(),
    close: async () => await transport.close(),
  };
}

/** Reads and deletes carry their parameters in the query, because PVE refuses a body there (pve-behaviour 1.4). */
function verbs(send: Send<unknown>): Pick<Pve, 'get' | 'post' | 'put' | 'delete' | 'upload'> {
  return {
    get: async (path, call, query) => await send(withQuery('GET', path, call, query)),
    delete: async (path, call, query) => await send(withQuery('DELETE', path, call, query)),
    post: async (path, call, form) => await send(withForm('POST', path, call, form)),
    put: async (path, call, form) => await send(withForm('PUT', path, call, form)),
    upload: async (path, call, upload) => {
      const { contentType, body } = encodeMultipart(upload);
      return await send({ method: 'POST', path, query: '', headers: { 'content-type': contentType }, body, call });
    },
  };
}

function withQuery(method: Method, path: string, call: Deadline, query: Params | undefined): PveRequest {
  return { method, path, query: encodeParams(query), headers: {}, body: undefined, call };
}

function withForm(method: Method, path: string, call: Deadline, form: Params | undefined): PveRequest {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method, path, query: '', headers, body: encodeParams(form), call };
}
