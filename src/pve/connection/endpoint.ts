// Where a PVE is reached: `https://host:8006`, the same with `/api2` or `/api2/json`, behind a gateway also with a path
// before these; IPv6 in brackets.
import type { Proxy } from './tunnel.ts';

export interface Endpoint {
  /** Scheme, host and port: `https://[2001:db8::1]:8006`. */
  readonly origin: string;
  /** `host:port` as it was set, IPv6 in brackets. Never a resolved address. */
  readonly address: string;
  /** Whether TLS is spoken. */
  readonly secure: boolean;
  /** What a gateway wants before `/api2`: `/pve`; mostly empty. */
  readonly prefix: string;
  /** SHA-256 of the certificate it has to show, as `formatFingerprint` gives it; authorities are not asked then. */
  readonly fingerprint?: string | undefined;
  /** The proxy on the way there; absent: it is dialled itself. */
  readonly proxy?: Proxy | undefined;
}

/** The endpoint that `text` names, or undefined where it names none. Without a port it is the scheme's own. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const url = URL.parse(text.trim());
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/api2(\/json)?$/, '');
  // Another of PVE's formats, or a page of its interface.
  if (prefix.split('/').includes('api2')) return undefined;
  const secure = url.protocol === 'https:';
  const address = `${url.hostname}:${url.port === '' ? (secure ? '443' : '80') : url.port}`;
  return { origin: `${url.protocol}//${address}`, address, secure, prefix };
}
