// The connections to one endpoint. A name, an address or a load balancer may lead elsewhere from one moment to the next,
// an established connection may not: so who answers is asked on each new one before anything else is, and whatever goes
// over it afterwards is heard by the same host.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Client } from 'undici';
import type { Clock } from '#runtime/clock';
import { OtherCluster, PveNoAnswer } from '../errors.ts';
import { dialler, type Trust } from './dial.ts';
import type { Endpoint } from './endpoint.ts';

export interface ConnectionsOptions extends Trust {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** Throws where whoever answers on a new connection is not to be used. Absent: everybody is believed. */
  readonly prove?: ((client: Client) => Promise<void>) | undefined;
}

export interface Connection {
  /** Has one connection and never dials another. */
  readonly client: Client;
  readonly socket: Socket;
}

export interface Connections {
  /**
   * A connection for one request, to be given back. Throws the signal's reason, the error of the dial, or `Unproven`.
   */
  take(signal: AbortSignal): Promise<Connection>;
  /** Opens a connection and asks who answers, whatever is known of him. Throws what `take` does. */
  visit(signal: AbortSignal): Promise<void>;
  giveBack(connection: Connection): void;
  /** Waits for what is in flight. */
  close(): Promise<void>;
}

/** Whoever answers could not show who it is, or is somebody else: `cause` says why. The request has not been sent. */
export class Unproven extends Error {
  override readonly name = 'Unproven';

  constructor(cause: unknown) {
    super(`the endpoint is not proven: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The connection ended before the request was written. */
export class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone';
}

/** Real ms. PVE cuts idle connections after 4.7 to 5 s (pve-behaviour 1.5); ours are gone before. */
const IDLE_MS = 4_000;
/** Ms of the clock. An endpoint that has led elsewhere is not dialled again before. */
const REFUSED_MS = 5_000;

export function createConnections(options: ConnectionsOptions): Connections {
  const { clock, prove } = options;
  const dial = dialler(options.endpoint, options);
  const open = new Set<Connection>();
  /** The one used last is at the end, and used first: few stay open. */
  const idle: Connection[] = [];
  /** Certificates of hosts that have been proven. */
  const provenHosts = new Set<string>();
  let refused: { readonly error: unknown; readonly until: number } | undefined;
  let isClosed = false;

  function discard(connection: Connection): void {
    open.delete(connection);
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
    connection.socket.destroy();
  }

  async function establish(isKnownEnough: boolean): Promise<Connection> {
    if (refused !== undefined && clock.now() < refused.until) throw new Unproven(refused.error);
    const connection = onceConnected(await dial(), options.endpoint);
    open.add(connection);
    connection.client.on('disconnect', () => discard(connection));
    try {
      if (isClosed) throw new ConnectionGone('the connections are closed');
      await proveHost(connection, isKnownEnough);
      return connection;
    } catch (error) {
      discard(connection);
      throw error;
    }
  }

  async function proveHost({ client, socket }: Connection, isKnownEnough: boolean): Promise<void> {
    const host = options.endpoint.secure ? hostCertificate(socket) : undefined;
    if (prove === undefined || (isKnownEnough && host !== undefined && provenHosts.has(host))) return;
    try {
      await prove(client);
      refused = undefined;
      if (host !== undefined) provenHosts.add(host);
    } catch (error) {
      if (error instanceof PveNoAnswer) throw error;
      if (error instanceof OtherCluster) refused = { error, until: clock.now() + REFUSED_MS };
      throw new Unproven(error);
    }
  }

  function giveBack(connection: Connection): void {
    if (open.has(connection)) idle.push(connection);
  }

  return {
    take: async (signal) => {
      signal.throwIfAborted();
      const rested = idle.pop();
      if (rested !== undefined) return rested;
      return await orAbort(establish(true), signal, discard);
    },
    visit: async (signal) => {
      signal.throwIfAborted();
      giveBack(await orAbort(establish(false), signal, discard));
    },
    giveBack,
    close: async () => {
      isClosed = true;
      idle.length = 0;
      await Promise.all(
        [...open].map(async (connection) => {
          await connection.client.close();
          discard(connection);
        }),
      );
    },
  };
}

/** What comes too late goes to `late`. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal, late: (value: T) => void): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(signal.reason as Error);
    work.then(late, () => undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function onceConnected(socket: Socket, endpoint: Endpoint): Connection {
  let isUsed = false;
  // It may end before undici has it: what is read of that then is enough.
  socket.on('error', () => undefined);
  const client = new Client(endpoint.origin, {
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    pipelining: 1,
    // One timer decides, that of the transport.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_options, callback) => {
      const isOver = isUsed;
      isUsed = true;
      // undici does not notice a connection that is there before `connect` returns.
      queueMicrotask(() =>
        isOver ? callback(new ConnectionGone('the connection has ended'), null) : callback(null, socket),
      );
    },
  });
  return { client, socket };
}

/** PVE's own authority signs for one host each; a certificate from elsewhere may be on many, also of other clusters. */
const OWN_AUTHORITY = 'PVE Cluster Manager CA';

/** What tells the host from all others; undefined where nothing does. TLS has proven that it is the certificate's owner. */
function hostCertificate(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  const isOwn = certificate?.issuer.split('\n').includes(`O=${OWN_AUTHORITY}`) === true;
  return isOwn ? certificate.raw.toString('base64') : undefined;
}
