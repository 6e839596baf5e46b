// Who may come in: whoever knows the token. It is made once and kept, so that a kubeconfig stays good after a restart.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateAuthority, createAuthority, openAuthority } from '#runtime/certificates';

const SECRET_FILE = { mode: 0o600 } as const;
const CA_DAYS = 3650;

/** The token of a data folder. */
export function keepToken(folder: string): string {
  const file = join(folder, 'token');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const token = randomBytes(32).toString('base64url');
  writeFileSync(file, `${token}\n`, SECRET_FILE);
  return token;
}

/** The authority of a data folder. */
export async function keepAuthority(folder: string, now: number): Promise<CertificateAuthority> {
  const [ca, key] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
  if (existsSync(ca) && existsSync(key))
    return await openAuthority(readFileSync(ca, 'utf8'), readFileSync(key, 'utf8'), now);
  const authority = await createAuthority({ subject: 'CN=virtrigaud-standalone-ca', now, days: CA_DAYS });
  writeFileSync(key, authority.key, SECRET_FILE);
  writeFileSync(ca, authority.ca);
  return authority;
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
