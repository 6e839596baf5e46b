// Certificates for tests, made on the spot: `const ca = await makeCa(); const leaf = await ca.leaf({ dns: ['localhost'] })`.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 3_600_000;

/** Certificate and private key, PEM. */
export interface Pem {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly ip?: readonly string[];
  readonly cn?: string;
  /** May be used as client certificate; both uses where neither is named. */
  readonly client?: boolean;
  readonly server?: boolean;
}

export interface Ca extends Pem {
  leaf(options?: LeafOptions): Promise<Pem>;
}

export async function makeCa(name = 'test CA'): Promise<Ca> {
  const keys = await makeKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    serialNumber: serial(),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    cert: cert.toString('pem'),
    key: await keyPem(keys),
    leaf: async (options = {}) => await makeLeaf(cert, keys, options),
  };
}

async function makeLeaf(ca: x509.X509Certificate, caKeys: webcrypto.CryptoKeyPair, options: LeafOptions): Promise<Pem> {
  const keys = await makeKeys();
  const { dns = [], uri = [], ip = [], cn } = options;
  const both = options.client === undefined && options.server === undefined;
  const names = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...uri.map((value) => ({ type: 'url' as const, value })),
    ...ip.map((value) => ({ type: 'ip' as const, value })),
  ];
  const uses = [
    ...(both || options.server === true ? [x509.ExtendedKeyUsage.serverAuth] : []),
    ...(both || options.client === true ? [x509.ExtendedKeyUsage.clientAuth] : []),
  ];
  const cert = await x509.X509CertificateGenerator.create({
    ...validity(),
    serialNumber: serial(),
    subject: cn === undefined ? '' : `CN=${cn}`,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: EC,
    extensions: [
      new x509.ExtendedKeyUsageExtension(uses),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names, cn === undefined)]),
    ],
  });
  return { cert: cert.toString('pem'), key: await keyPem(keys) };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
}

async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) };
}

function serial(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
}
