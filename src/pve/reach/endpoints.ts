// The list of endpoints from the settings: each with its fingerprint and its proxy.
import { type Endpoint, parseEndpoint } from '../connection/endpoint.ts';
import { StartupError } from '#runtime/startup-error';
import { type ProxySettings, proxyFor } from './proxy.ts';

export interface EndpointSettings extends ProxySettings {
  readonly endpoints: readonly string[];
  readonly fingerprints: readonly (string | undefined)[];
}

/** In order, each once. Throws StartupError. */
export function readEndpoints(settings: EndpointSettings): readonly [Endpoint, ...Endpoint[]] {
  const { endpoints: texts, fingerprints } = settings;
  if (fingerprints.length > 0 && fingerprints.length !== texts.length) {
    const error = `${counted(fingerprints.length, 'fingerprint')} for ${counted(texts.length, 'endpoint')}`;
    const hint = 'PVE_FINGERPRINT has one entry for each of PVE_ENDPOINT, in the same order; an empty one for none';
    throw new StartupError('Failed to create PVE client', { error, hint });
  }
  const endpoints = texts.map((text, index) => readEndpoint(text, fingerprints[index], settings));
  const [first, ...others] = eachOnce(endpoints);
  if (first !== undefined) return [first, ...others];
  const hint = 'set PVE_ENDPOINT, such as https://pve.example.com:8006';
  throw new StartupError('Failed to create PVE client', { error: 'endpoint is required', hint });
}

function eachOnce(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const known = new Map<string, Endpoint>();
  for (const one of endpoints) {
    const key = `${one.origin}${one.prefix}`;
    const before = known.get(key) ?? one;
    if (before.fingerprint !== one.fingerprint) {
      const hint = 'PVE_ENDPOINT lists it twice: leave one out, and its entry in PVE_FINGERPRINT';
      throw new StartupError('Failed to create PVE client', { error: `two fingerprints for ${one.address}`, hint });
    }
    known.set(key, before);
  }
  return [...known.values()];
}

function readEndpoint(text: string, fingerprint: string | undefined, settings: ProxySettings): Endpoint {
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined) throw invalid(withoutAccount(text), hintFor(text));
  if (fingerprint !== undefined && !endpoint.secure) {
    throw invalid(text, 'it has a fingerprint in PVE_FINGERPRINT, and without TLS no certificate: use https://');
  }
  return { ...endpoint, fingerprint, proxy: proxyFor(endpoint, settings) };
}

function invalid(endpoint: string, hint: string): StartupError {
  return new StartupError('Failed to create PVE client', { error: 'invalid endpoint URL', endpoint, hint });
}

/** What may stand before an `@` is nobody's business, least of all a log's. */
function withoutAccount(text: string): string {
  return text.replace(/^(\w+:\/\/)?.*@/s, '$1***@');
}

function hintFor(text: string): string {
  if (text.includes('@')) return 'who logs in is said by PVE_TOKEN_ID or PVE_USERNAME: use https://host:8006';
  if (/^\w+:\/\/\[[^\]]*%/.test(text)) {
    return 'an address with a zone (%eth0) means something on one machine only; use a global address, or a name';
  }
  if (/^\w+:\/\/[0-9a-f]*:[0-9a-f]*:/i.test(text))
    return 'put the IPv6 address into brackets: https://[2001:db8::1]:8006';
  return 'use a URL such as https://pve.example.com:8006';
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
