// A CA of the simulator's own and a leaf per node, as a cluster has. Made at start, never stored, never reused.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Certificates {
  /** PEM */
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the leaf, `AB:CD:...` */
  readonly fingerprint: string;
}

export interface CertificateAuthority {
  /** PEM */
  readonly ca: string;
  /** @param names DNS names and IP addresses; the first is the subject */
  issue(names: readonly string[]): Promise<Certificates>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** The organisation is that of every cluster's own authority. */
const SUBJECT = 'CN=Proxmox Virtual Environment (pve-sim), O=PVE Cluster Manager CA';
const DAY_MS = 86_400_000;

/** @param now real time, ms: clients check certificates against theirs */
export async function createAuthority(now: number): Promise<CertificateAuthority> {
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 365 * DAY_MS) };
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  let serial = 1;
  const base = () => ({ serialNumber: String(serial++).padStart(2, '0'), ...validity, signingAlgorithm: ALGORITHM });
  const root = await X509CertificateGenerator.createSelfSigned({
    ...base(),
    name: SUBJECT,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (names: readonly string[]): Promise<Certificates> => {
    const leafKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const leaf = await X509CertificateGenerator.create({
      ...base(),
      subject: `CN=${names[0] ?? 'localhost'}`,
      issuer: SUBJECT,
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isAddress(name) ? 'ip' : 'dns', value: name })),
        ),
      ],
    });
    return {
      cert: leaf.toString('pem'),
      key: await exportKey(leafKeys.privateKey),
      fingerprint: await fingerprintOf(leaf.rawData),
    };
  };
  return { ca: root.toString('pem'), issue };
}

/** A CA with one leaf, for whoever needs a single server. */
export async function createCertificates(
  names: readonly string[],
  now: number,
): Promise<Certificates & { ca: string }> {
  const authority = await createAuthority(now);
  return { ca: authority.ca, ...(await authority.issue(names)) };
}

function isAddress(name: string): boolean {
  return /^[\d.]+$|:/.test(name);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

async function fingerprintOf(der: ArrayBuffer): Promise<string> {
  const digest = Buffer.from(await crypto.subtle.digest('SHA-256', der))
    .toString('hex')
    .toUpperCase();
  return (digest.match(/../g) ?? []).join(':');
}
