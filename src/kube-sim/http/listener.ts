// The port: HTTPS, with limits on what a client can hold.
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificates } from '#runtime/certificates';
import type { Handler } from './handler.ts';

export interface Listener {
  readonly port: number;
  /** New connections get this certificate. */
  renew(certificate: Certificates): void;
  /** Takes no new requests and ends when those under way have. */
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: Certificates;
  readonly handle: Handler;
}

const HEADER_BYTES = 64 * 1024;
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const IDLE_MS = 90_000;
const CLOSE_MS = 3000;

export async function listen({ host, port, certificate, handle }: ListenerOptions): Promise<Listener> {
  const server = createServer({
    cert: certificate.cert,
    key: certificate.key,
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
  });
  server.on('request', (request, response) => void handle(request, response));
  server.on('tlsClientError', (_, socket) => socket.destroy());
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => badRequest(error, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(notListening(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    renew: ({ cert, key }) => server.setSecureContext({ cert, key }),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** What is no HTTP. */
function badRequest({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const status = code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const headers = 'content-type: text/plain; charset=utf-8\r\nconnection: close';
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${status}`);
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there. End that one, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address. Choose another one',
  EACCES: 'this user may not listen there. Choose a port above 1023',
};

function notListening({ code = '', message }: NodeJS.ErrnoException, host: string, port: number): Error {
  const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Error(`${at}: cannot listen: ${REASONS[code] ?? message}`);
}
