// Who may come in: whoever knows the token. It is made once and kept, so that a kubeconfig stays good after a restart.
import { createHash, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateAuthority, createAuthority, openAuthority } from '#runtime/certificates';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';

const SECRET_FILE = { mode: 0o600 } as const;
const CA_DAYS = 3650;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** The token of a data folder. An empty one is what a full disk has left. */
export function keepToken(folder: string): string {
  const file = join(folder, 'token');
  const known = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (known !== '') return known;
  const token = randomBytes(32).toString('base64url');
  writeWhole(file, `${token}\n`);
  return token;
}

/** The authority of a data folder; a new one where it is not valid for as long as what it issues, or not yet. */
export async function keepAuthority(folder: string, now: number): Promise<CertificateAuthority> {
  const [ca, key] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
  if (existsSync(ca) && existsSync(key)) {
    const [certificate, signing] = [readFileSync(ca, 'utf8'), readFileSync(key, 'utf8')];
    try {
      if (isValid(new X509Certificate(certificate), now)) return await openAuthority(certificate, signing, now);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${ca} and ${key}: cannot be read: ${why}. Remove both: new ones are made`, { cause: error });
    }
  }
  const authority = await createAuthority({ subject: 'CN=virtrigaud-standalone-ca', now, days: CA_DAYS });
  writeWhole(key, authority.key);
  writeWhole(ca, authority.ca);
  return authority;
}

function isValid({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now + YEAR_MS <= Date.parse(validTo);
}

/** Nobody ever finds half of it. */
function writeWhole(file: string, text: string): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, text, SECRET_FILE);
  renameSync(fresh, file);
}

/** A certificate is good for a year, and a process may run for longer: a new one comes each day. The result ends that. */
export function keepRenewing(clock: Clock, log: Logger, renew: () => Promise<void>): () => void {
  let cancel = (): void => {};
  const again = (): void => {
    cancel = clock.after(DAY_MS, () => {
      renew().catch((error: unknown) => log.error('the certificate has not been renewed', { error }));
      again();
    });
  };
  again();
  return () => cancel();
}

/** Compares in the same time whatever is given. */
export function knows(token: string): (authorization: string | undefined) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(token);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), wanted);
  };
}
