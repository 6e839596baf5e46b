import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { Fault } from '#domain/fault';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { type Leaf, readTlsFiles, TLS_DIRECTORY, type TlsFiles } from './tls-files.ts';
import { watchLeaf } from './watch-leaf.ts';

// How the gRPC port is secured. With the three TLS files: TLS 1.3 and a client certificate signed by the CA, always.
// Without them: plaintext, only where somebody said so. The sockets are made here and handed to gRPC, since its own
// TLS server accepts TLS 1.2 and keeps to itself why it refused a client.

const HANDSHAKE_LIMIT_MS = 10_000;

export interface SecurityOptions {
  readonly directory?: string;
  /** VIRTRIGAUD_PROVIDER_INSECURE. */
  readonly insecure: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes a server, not listening yet, that hands over the connections of those who may be here. */
export type Credentials = (onConnection: (socket: Socket) => void) => TcpServer;

export interface Security {
  readonly mode: 'mtls' | 'plaintext';
  readonly credentials: Credentials;
  /** Takes over a changed certificate and key from disk now; otherwise it happens within 10 s of the change. */
  reload(): void;
  stop(): void;
}

/** Throws a `precondition` fault with the reason if there is no safe way to serve. */
export function loadSecurity(options: SecurityOptions): Security {
  const { directory = TLS_DIRECTORY, insecure, log } = options;
  const files = readTlsFiles(directory);
  if (files !== undefined) return mutualTls(options, directory, files);
  if (insecure) {
    log.warn('gRPC is served without TLS: anybody who reaches the port can manage VMs', { directory });
    return plaintext();
  }
  throw new Fault('precondition', {
    subject: `TLS files in ${directory}`,
    why: 'tls.crt, tls.key and ca.crt are missing',
    remedy: 'Mount them, or set VIRTRIGAUD_PROVIDER_INSECURE=true to serve without TLS',
  });
}

export function plaintext(): Security {
  const nothing = (): void => undefined;
  const credentials: Credentials = (onConnection) => createTcpServer({ noDelay: true }, onConnection);
  return { mode: 'plaintext', credentials, reload: nothing, stop: nothing };
}

function mutualTls({ clock, log }: SecurityOptions, directory: string, files: TlsFiles): Security {
  const leaf = watchLeaf(directory, files, clock, log);
  const credentials: Credentials = (onConnection) => {
    const server = createTlsServer({
      ...contextOf(files.ca, leaf.current()),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
      handshakeTimeout: HANDSHAKE_LIMIT_MS,
      noDelay: true,
    });
    server.on('secureConnection', onConnection);
    logRefusals(server, log);
    leaf.onChange((changed) => server.setSecureContext(contextOf(files.ca, changed)));
    return server;
  };
  return { mode: 'mtls', credentials, reload: () => leaf.reload(), stop: () => leaf.stop() };
}

/** The minimum version stands here, since a new context replaces the old one whole, the versions it allows included. */
function contextOf(ca: Buffer, leaf: Leaf): SecureContextOptions {
  return { ca, cert: leaf.certificate, key: leaf.key, minVersion: 'TLSv1.3' };
}

function logRefusals(server: TlsServer, log: Logger): void {
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // A certificate that does not verify ends the connection as if it had been lost; the reason is on the socket.
    const unverified: unknown = socket.authorizationError;
    const reason = typeof unverified === 'string' ? unverified : (error.code ?? error.message);
    const fields = { peer: socket.remoteAddress, reason };
    // Port probes connect and leave; that is no refusal.
    if (reason === 'ECONNRESET') log.debug('TLS handshake not finished', fields);
    else log.warn('TLS handshake refused', fields);
  });
}
