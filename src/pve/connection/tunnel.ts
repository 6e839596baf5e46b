// The way through a proxy: it is asked for a tunnel (CONNECT) to one host, and whatever goes through that is between us
// and the host, TLS included. For plain HTTP as well, so that a connection leads to one host here too.
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { ProxyFailed } from '../errors.ts';

export interface Proxy {
  readonly hostname: string;
  readonly port: number;
  /** `host:port`, IPv6 in brackets: what is shown of it. */
  readonly address: string;
  /** Whether the proxy itself speaks TLS; its certificate is held against the system's authorities. */
  readonly secure: boolean;
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | undefined;
}

/**
 * @param target `host:port`, IPv6 in brackets. The proxy resolves it.
 * @param limitMs real ms
 * @throws ProxyFailed
 */
export async function openTunnel(proxy: Proxy, target: string, limitMs: number): Promise<Socket> {
  const { hostname, port, address, secure, authorization } = proxy;
  const limit = AbortSignal.timeout(limitMs);
  return await new Promise((resolve, reject) => {
    const request = (secure ? tlsRequest : plainRequest)({
      host: hostname,
      port,
      // Else Node takes that of the Host header, which is PVE's.
      servername: isIP(hostname) === 0 ? hostname : '',
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { host: target, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) },
    });
    const end = (settle: () => void): void => {
      limit.removeEventListener('abort', giveUp);
      settle();
    };
    const giveUp = (): void => void request.destroy(limit.reason as Error);
    limit.addEventListener('abort', giveUp, { once: true });
    request.on('error', (error) => end(() => reject(silence(address, error))));
    request.on('connect', (answer, socket: Socket, head) => {
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status <= 299) {
        if (head.length > 0) socket.unshift(head);
        return end(() => resolve(socket));
      }
      socket.destroy();
      const said = { answer: `${status} ${answer.statusMessage ?? ''}`.trimEnd() };
      end(() => reject(new ProxyFailed(address, said)));
    });
    request.end();
  });
}

function silence(address: string, cause: Error): ProxyFailed {
  const isTimeout = cause.name === 'TimeoutError';
  const code = isTimeout ? 'timeout' : 'code' in cause ? String(cause.code) : 'unknown';
  return new ProxyFailed(address, { code }, cause);
}
