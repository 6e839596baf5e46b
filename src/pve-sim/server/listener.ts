// A node's port. On a TLS port plain HTTP is answered with a redirect (pve-behaviour 1.1), so the first byte of every
// connection decides who gets it.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import type { Certificates } from '#runtime/certificates';
import { meetOddRequest, type ParserError } from './odd-request.ts';

export interface Listener {
  readonly port: number;
  /** Closes the port and cuts every connection. */
  close(): Promise<void>;
}

/** pve-behaviour 1.5; not scaled, since clients' pools count in real time. */
export const IDLE_MS = 5000;
const MAX_HEADER_BYTES = 8192;
const MAX_HEADER_LINES = 64;
const TLS_HANDSHAKE = 0x16;

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: Certificates | undefined;
  readonly answer: RequestListener;
  /** Of requests that want to leave HTTP, with what came behind them. */
  readonly upgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
}

export async function listen(options: ListenerOptions): Promise<Listener> {
  const { certificate, answer, upgrade, host } = options;
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false };
  const server = certificate === undefined ? createServer(limits) : createTlsServer({ ...limits, ...certificate });
  const api = serve(server, answer);
  api.on('upgrade', upgrade);
  const plain = certificate === undefined ? api : serve(createServer(limits), redirect);
  const sockets = new Set<Socket>();
  const front = createNetServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE ? api : plain).emit('connection', socket);
      // Only when the server has taken hold of the socket: TLS reads the pushed-back bytes itself.
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.listen(options.port, host, resolve);
  });
  return {
    port: (front.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => front.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serve(server: Server, answer: RequestListener): Server {
  server.on('request', answer);
  server.keepAliveTimeout = IDLE_MS;
  server.keepAliveTimeoutBuffer = 0;
  server.maxHeadersCount = MAX_HEADER_LINES;
  server.requestTimeout = 0;
  server.on('clientError', (error: ParserError, socket: Socket) => meetOddRequest(error, socket, answer));
  return server;
}

function redirect(request: IncomingMessage, response: ServerResponse): void {
  const location = `https://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`;
  response.on('finish', () => request.socket.end());
  if (request.method === 'HEAD') response.writeHead(501, "method 'HEAD' not available", { connection: 'close' });
  else if (request.method === 'GET') response.writeHead(301, 'Moved Permanently', { location });
  else response.writeHead(308, 'Permanent Redirect', { location });
  response.end(response.statusMessage);
}
