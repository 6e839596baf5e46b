// Which proxy stands before an endpoint, by the variables that everybody knows, read as Go's programs read them.
import { BlockList, isIP } from 'node:net';
import type { Endpoint } from '../connection/endpoint.ts';
import type { Proxy } from '../connection/tunnel.ts';
import { StartupError } from '#runtime/startup-error';

export interface ProxySettings {
  readonly httpsProxy: string;
  readonly httpProxy: string;
  readonly noProxy: string;
}

/** Undefined where the endpoint is dialled itself. Throws StartupError where the proxy's URL is none. */
export function proxyFor(endpoint: Endpoint, settings: ProxySettings): Proxy | undefined {
  const [setting, text] = endpoint.secure ? ['HTTPS_PROXY', settings.httpsProxy] : ['HTTP_PROXY', settings.httpProxy];
  if (text === '' || isExempt(endpoint, settings.noProxy)) return undefined;
  const proxy = parseProxy(text);
  if (proxy !== undefined) return proxy;
  // The URL itself may hold a password.
  const hint = 'use http://host:port or https://host:port, or name the endpoint in NO_PROXY';
  throw new StartupError('Failed to create PVE client', { error: 'invalid proxy URL', setting, hint });
}

/** `http://user:password@host:port`; without a scheme it is HTTP. */
export function parseProxy(text: string): Proxy | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') return undefined;
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const account = `${unescaped(url.username)}:${unescaped(url.password)}`;
  return {
    hostname: withoutBrackets(url.hostname),
    port,
    address: `${url.hostname}:${port}`,
    secure,
    authorization: account === ':' ? undefined : `Basic ${Buffer.from(account).toString('base64')}`,
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * By an entry of NO_PROXY: `*`, a domain with or without what is below it (`example.com`, `.example.com`,
 * `*.example.com`), an address, a network (`10.0.0.0/8`), each but the last also with a port. This machine is always
 * exempt. A name is never resolved.
 */
export function isExempt(endpoint: Endpoint, noProxy: string): boolean {
  const url = new URL(endpoint.origin);
  const host = withoutBrackets(url.hostname).replace(/\.$/, '');
  const port = endpoint.address.slice(endpoint.address.lastIndexOf(':') + 1);
  if (host === 'localhost' || isWithin(host, '127.0.0.0/8') || isWithin(host, '::1/128')) return true;
  const entries = noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  return entries.some((entry) => entry === '*' || isWithin(host, entry) || isNamed(host, port, entry));
}

/** Whether `host` is an address within `network`, `10.0.0.0/8`. */
function isWithin(host: string, network: string): boolean {
  const [, address = '', bits = ''] = /^(.+)\/(\d+)$/.exec(network) ?? [];
  const family = familyOf(address);
  if (family === undefined || familyOf(host) !== family) return false;
  if (Number(bits) > (family === 'ipv4' ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}

function isNamed(host: string, port: string, entry: string): boolean {
  const { name, onlyPort } = splitPort(entry);
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const family = familyOf(name);
  if (family !== undefined) return isWithin(host, `${name}/${family === 'ipv4' ? 32 : 128}`);
  if (familyOf(host) !== undefined) return false;
  const domain = name.replace(/^\*/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function splitPort(entry: string): { readonly name: string; readonly onlyPort: string | undefined } {
  // An IPv6 address without brackets has no port.
  const [, name = entry, onlyPort] = (familyOf(entry) === undefined ? /^(.*):(\d+)$/.exec(entry) : null) ?? [];
  return { name: withoutBrackets(name), onlyPort };
}

function familyOf(text: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(text);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
