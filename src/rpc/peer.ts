import type { PeerCertificate } from 'node:tls';
import { Fault } from '#domain/fault';

// Who is at the other end, by the names in its certificate.

export interface PeerNames {
  readonly dns: readonly string[];
  readonly uris: readonly string[];
  readonly commonName: string | undefined;
}

export function peerNames(certificate: PeerCertificate): PeerNames {
  const names = alternativeNames(certificate.subjectaltname ?? '');
  const { CN: commonName } = certificate.subject ?? {};
  return {
    dns: names.filter((name) => name.type === 'DNS').map((name) => name.value),
    uris: names.filter((name) => name.type === 'URI').map((name) => name.value),
    commonName: Array.isArray(commonName) ? commonName[0] : commonName,
  };
}

/** What stands for the peer in logs and claims: its first DNS name, else its first URI, else its common name. */
export function peerName(names: PeerNames): string | undefined {
  return names.dns[0] ?? names.uris[0] ?? names.commonName;
}

/**
 * Throws unless one name of the peer is exactly one of `allowed`: `unauthenticated` without a certificate,
 * `forbidden` for any other.
 */
export function authorisePeer(allowed: readonly string[], certificate: PeerCertificate | undefined): void {
  const remedy = 'Use a client certificate with a name in VIRTRIGAUD_PROVIDER_ALLOWED_SANS';
  if (certificate === undefined) {
    throw new Fault('unauthenticated', { subject: 'client', why: 'it sent no verified certificate', remedy });
  }
  const names = peerNames(certificate);
  const has = [...names.dns, ...names.uris, ...(names.commonName === undefined ? [] : [names.commonName])];
  if (has.some((name) => allowed.includes(name))) return;
  const why = `none of the names in its certificate is allowed (${has.map((name) => `"${name}"`).join(', ')})`;
  throw new Fault('forbidden', { subject: `client ${peerName(names) ?? ''}`.trim(), why, remedy });
}

interface AlternativeName {
  readonly type: string;
  readonly value: string;
}

/** Node joins the names as `DNS:a, URI:b` and puts one that could be misread into JSON quotes: `URI:"x, DNS:y"`. */
function alternativeNames(text: string): AlternativeName[] {
  const entries = text.matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)/g);
  return [...entries].map(([, type = '', value = '']) => ({
    type,
    value: value.startsWith('"') ? String(JSON.parse(value)) : value,
  }));
}
