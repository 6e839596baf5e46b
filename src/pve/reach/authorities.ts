// The authorities that PVE's certificates are held against: given as text, or in a file that may change.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authorities } from '../connection/connect.ts';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { StartupError } from '#runtime/startup-error';
import { watchFiles } from '#runtime/watched-files';

export interface GivenAuthorities {
  /** Undefined: those of the system. */
  readonly pem: string | undefined;
  /** Where that text came from, if it may change there. */
  readonly file: string | undefined;
}

/** The name of the file in the credentials folder that wins over the setting. */
const SECRET_FILE = 'ca.crt';

/** @param bundle PEM text, or the path of a file that holds it. Throws StartupError. */
export function readAuthorities(bundle: string, credentialsFolder: string): GivenAuthorities {
  if (bundle === '') return { pem: undefined, file: undefined };
  const isText = bundle.includes(BEGIN);
  const file = isText ? join(credentialsFolder, SECRET_FILE) : bundle;
  try {
    const pem = certificatesIn(isText ? bundle : readFileSync(file, 'utf8'));
    return { pem, file: existsSync(file) ? file : undefined };
  } catch (cause) {
    const hint = `PVE_CA_BUNDLE (or ca.crt) is neither PEM text nor the path of a PEM file: ${wordsOf(cause)}`;
    throw new StartupError('Failed to create PVE client', { error: 'invalid CA bundle', hint }, cause);
  }
}

/** New connections are held against what the file has by then; those that stand are left alone. */
export function watchAuthorities(given: GivenAuthorities, clock: Clock, log: Logger): Authorities {
  const { file } = given;
  let { pem } = given;
  if (file === undefined) return { pem: () => pem, stop: () => undefined };

  function take(text: string | undefined, from: string): void {
    try {
      if (text === undefined) throw new Error('it is gone, or cannot be read');
      pem = certificatesIn(text);
      log.info('CA bundle reloaded', { file: from });
    } catch (error) {
      log.warn('CA bundle not reloaded, the old one stays', { file: from, error });
    }
  }
  const files = watchFiles([file], clock, (texts) => take(texts.get(file), file));
  return { pem: () => pem, stop: () => files.stop() };
}

const BEGIN = '-----BEGIN CERTIFICATE-----';

/**
 * The certificates of a bundle, each read and written anew: OpenSSL skips what it cannot read, also a whole certificate
 * that begins on the line on which another ends, and then trusts nobody without saying why. Throws where one is broken.
 */
function certificatesIn(text: string): string {
  const [, ...bodies] = text.split(BEGIN);
  if (bodies.length === 0) throw new Error('it holds no certificate');
  return bodies.map((body) => new X509Certificate(`${BEGIN}${body}`).toString()).join('');
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
