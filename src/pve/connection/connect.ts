import type { Clock } from '#runtime/clock';
import type { Deadline } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import type { ClusterIdentity } from '../cluster/identity.ts';
import { createTaskTimes } from '../task-times.ts';
import type { Authenticator } from './authenticate.ts';
import type { Endpoint } from './endpoint.ts';
import { openEnvelope } from './envelope.ts';
import { failOver, type Route } from './failover.ts';
import { limitPerNode } from './limit.ts';
import { encodeMultipart } from './multipart.ts';
import { encodeParams, type Params } from './params.ts';
import type { Pve } from './pve.ts';
import type { Method, PveAnswer, PveRequest, Send } from './request.ts';
import { proveCluster } from './prove-cluster.ts';
import { retryPassing } from './retry.ts';
import { createServerTime } from './server-time.ts';
import { createStanding } from './standing.ts';
import { createTransport, type Transport } from './transport.ts';
import { type RequestReport, watchRequests } from './watch.ts';

/** Authorities that may change. */
export interface Authorities {
  /** Those to trust now; undefined: the system's. */
  readonly pem: () => string | undefined;
  /** Called when the connection is closed. */
  readonly stop: () => void;
}

export interface ConnectOptions {
  readonly endpoint: Endpoint;
  /** Further ways to the same cluster, used in turn where the one before does not answer. They need a `cluster`. */
  readonly others?: readonly Endpoint[];
  /** The cluster that every connection is proven to lead to; absent: whoever answers is believed. */
  readonly cluster?: ClusterIdentity;
  readonly authenticator: Authenticator;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | Authorities | undefined;
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

/** A connection to one cluster. Nothing is sent before the first call. */
export function connect(options: ConnectOptions): Pve {
  const { clock, log, endpoint, others = [], cluster, authenticator } = options;
  const { ca } = options;
  const authorities: Authorities = typeof ca === 'object' ? ca : { pem: () => ca, stop: () => undefined };
  const serverTime = createServerTime(clock);
  const watch = watchRequests(clock, log, options.onRequest ?? (() => undefined));

  /** The inner end of the chain, from the socket outwards: one for each endpoint. */
  const routeTo = (to: Endpoint): Route & Omit<Transport, 'send'> => {
    const standing = createStanding(clock);
    const understood = (send: Send<PveAnswer>): Send<unknown> =>
      standing.link(openEnvelope(serverTime.link(send), to.address));
    const signer = authenticator.signerFor(to, clock, log);
    const transport = createTransport({
      endpoint: to,
      authorities: authorities.pem,
      skipVerify: options.skipVerify ?? false,
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      clock,
      sign: signer.sign,
      ...(cluster === undefined ? {} : { prove: proveCluster(cluster, to, log, (send) => watch(understood(send))) }),
    });
    return { ...transport, endpoint: to, standing, send: understood(signer.persist(transport.send)) };
  };
  const [first, ...further] = [routeTo(endpoint), ...others.map(routeTo)];
  const routes = [first, ...further] as const;
  const failover = failOver(routes, clock, log);

  // The rest of it, for all endpoints. A pause between two tries keeps its place under the limit, so that a node in
  // trouble is asked no more than others.
  const retried = retryPassing(clock)(watch(failover.send));
  const send = limitPerNode(options.perNodeLimit ?? 3)(retried);

  return {
    get endpoint() {
      return failover.active();
    },
    cluster,
    clock,
    log,
    tasks: {
      pollIntervalMs: options.pollIntervalMs ?? 2_000,
      taskTimeoutMs: options.taskTimeoutMs ?? 300_000,
      times: createTaskTimes(),
    },
    ...verbs(send),
    serverTime: () => serverTime.read(),
    visitOthers: async () => {
      const others = routes.filter((route) => route.endpoint !== failover.active());
      await Promise.all(others.map(async (route) => await visit(route, log)));
    },
    moves: () => failover.moves(),
    close: async () => {
      failover.stop();
      authenticator.stop();
      authorities.stop();
      await Promise.all(routes.map(async (route) => await route.close()));
    },
  };
}

async function visit(route: Route, log: Logger): Promise<void> {
  try {
    await route.visit(new AbortController().signal);
  } catch (error) {
    route.standing.failed();
    log.warn('A PVE endpoint is of no use now', { endpoint: route.endpoint.address, error });
  }
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
