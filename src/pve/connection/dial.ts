// From an endpoint to an open connection: through its proxy where it has one, and by TLS with whoever we trust.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { WrongCertificate } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { openTunnel } from './tunnel.ts';

export interface Trust {
  /** PEM of the authorities to trust instead of the system's. Asked for each connection, so it may change. */
  readonly authorities: () => string | undefined;
  /** Believes everybody, but an endpoint with a fingerprint. */
  readonly skipVerify: boolean;
}

/** Opens one connection; rejects with the error of the system or of TLS, `ProxyFailed` or `WrongCertificate`. */
export type Dial = () => Promise<Socket>;

/** Real ms to a connection, TLS included; through a proxy as many for the tunnel and for TLS within it. */
const CONNECT_TIMEOUT_MS = 10_000;

export function dialler(endpoint: Endpoint, trust: Trust): Dial {
  const { protocol, host, hostname, port } = new URL(endpoint.origin);
  const address = { protocol, host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port };
  const connector = connectorFor(endpoint, trust);
  return async () => {
    const { proxy } = endpoint;
    const tunnel = proxy === undefined ? undefined : await openTunnel(proxy, endpoint.address, CONNECT_TIMEOUT_MS);
    if (tunnel !== undefined && !endpoint.secure) return tunnel;
    const socket = await connected(connector(), tunnel === undefined ? address : { ...address, httpSocket: tunnel });
    if (endpoint.fingerprint !== undefined) requireFingerprint(socket, endpoint.address, endpoint.fingerprint);
    return socket;
  };
}

type Connector = ReturnType<typeof buildConnector>;

/** A connector for the authorities as they are now. */
function connectorFor(endpoint: Endpoint, { authorities, skipVerify }: Trust): () => Connector {
  let made: { readonly ca: string | undefined; readonly connector: Connector } | undefined;
  return () => {
    const ca = authorities();
    if (made !== undefined && made.ca === ca) return made.connector;
    const connector = buildConnector({
      timeout: CONNECT_TIMEOUT_MS,
      allowH2: false,
      // As PVE's own clients do it: whoever has the fingerprint has what the authority would have signed.
      rejectUnauthorized: !skipVerify && endpoint.fingerprint === undefined,
      // A resumed session does not show the host's certificate.
      maxCachedSessions: 0,
      ...(ca === undefined ? {} : { ca }),
    });
    made = { ca, connector };
    return connector;
  };
}

async function connected(connector: Connector, options: Parameters<Connector>[0]): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    connector(options, (error, socket) => (error === null ? resolve(socket) : reject(error)));
  });
}

/** Before anything is sent. That the other side has the key to this certificate, TLS has proven. */
function requireFingerprint(socket: Socket, address: string, expected: string): void {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  const seen = certificate?.fingerprint256 ?? 'none';
  if (seen === expected) return;
  socket.destroy();
  throw new WrongCertificate(address, expected, seen);
}
