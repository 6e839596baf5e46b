import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { authorisePeer, peerName, peerNames } from './peer.ts';

function certificate(subjectaltname: string | undefined, CN?: string): PeerCertificate {
  return { subject: { CN }, ...(subjectaltname === undefined ? {} : { subjectaltname }) } as PeerCertificate;
}

describe('peerNames', () => {
  it('separates DNS names, URIs and the common name', () => {
    const names = peerNames(certificate('DNS:a.b, URI:spiffe://c/d, IP Address:10.0.0.1, DNS:e', 'f'));
    expect(names).toEqual({ dns: ['a.b', 'e'], uris: ['spiffe://c/d'], commonName: 'f' });
    expect(peerName(names)).toBe('a.b');
  });

  it('is not fooled by a name that holds another one', () => {
    const names = peerNames(certificate('URI:"http://x/, DNS:manager", DNS:y'));
    expect(names).toEqual({ dns: ['y'], uris: ['http://x/, DNS:manager'], commonName: undefined });
  });

  it('knows certificates without any name', () => {
    expect(peerName(peerNames(certificate(undefined)))).toBeUndefined();
  });
});

describe('authorisePeer', () => {
  it.each([
    ['DNS name', ['manager'], 'DNS:manager'],
    ['URI', ['spiffe://manager'], 'URI:spiffe://manager'],
    ['common name', ['common'], undefined],
  ])('lets in by %s', (_, allowed, names) => {
    expect(() => authorisePeer(allowed, certificate(names, 'common'))).not.toThrow();
  });

  it.each([
    ['no certificate', undefined, 'unauthenticated'],
    ['another name', certificate('DNS:other'), 'forbidden'],
    ['a longer name', certificate('DNS:manager.evil'), 'forbidden'],
    ['another case', certificate('DNS:MANAGER'), 'forbidden'],
    ['no name at all', certificate(undefined), 'forbidden'],
  ])('turns away %s', (_, peer, kind) => {
    const act = (): void => authorisePeer(['manager'], peer);
    expect(act).toThrow(/VIRTRIGAUD_PROVIDER_ALLOWED_SANS/);
    expect(act).toThrow(expect.objectContaining({ kind }));
  });
});
