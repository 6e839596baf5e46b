// A CA of a program's own and the certificates it issues. Its key may be kept, so that clients know it again after a restart.
import 'reflect-metadata';
import { randomBytes, type webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
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
  /** Its private key, PEM. */
  readonly key: string;
  /** @param names DNS names and IP addresses; the first is the subject */
  issue(names: readonly string[], options?: IssueOptions): Promise<Certificates>;
}

export interface IssueOptions {
  /** A year where absent. */
  readonly days?: number;
  /** Also for the other end of a connection. */
  readonly isClientToo?: boolean;
}

export interface AuthorityOptions {
  /** `CN=..., O=...` */
  readonly subject: string;
  /** Real time, ms: clients check certificates against theirs. */
  readonly now: number;
  readonly days?: number;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const BOTH_ENDS = [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth];
const DAY_MS = 86_400_000;
const YEAR_DAYS = 365;

export async function createAuthority({
  subject,
  now,
  days = YEAR_DAYS,
}: AuthorityOptions): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const root = await X509CertificateGenerator.createSelfSigned({
    ...frame(now, days),
    name: subject,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return authority(root, keys.privateKey, now);
}

/** One whose certificate and key have been kept. */
export async function openAuthority(ca: string, key: string, now: number): Promise<CertificateAuthority> {
  const der = Buffer.from(key.replaceAll(/-----.*-----|\s/g, ''), 'base64');
  const signingKey = await crypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  return await authority(new X509Certificate(ca), signingKey, now);
}

async function authority(
  root: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  now: number,
): Promise<CertificateAuthority> {
  const issue = async (names: readonly string[], options: IssueOptions = {}): Promise<Certificates> => {
    const { days = YEAR_DAYS, isClientToo = false } = options;
    const leafKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const leaf = await X509CertificateGenerator.create({
      ...frame(now, days),
      subject: `CN=${names[0] ?? 'localhost'}`,
      issuer: root.subject,
      publicKey: leafKeys.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new ExtendedKeyUsageExtension(isClientToo ? BOTH_ENDS : [ExtendedKeyUsage.serverAuth]),
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
  return { ca: root.toString('pem'), key: await exportKey(signingKey), issue };
}

/** The first byte keeps the serial number positive. */
function frame(now: number, days: number) {
  const serialNumber = `01${randomBytes(8).toString('hex')}`;
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + days * DAY_MS) };
  return { serialNumber, ...validity, signingAlgorithm: ALGORITHM };
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
