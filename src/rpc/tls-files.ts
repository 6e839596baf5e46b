import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Fault } from '#domain/fault';

// The three files a manager mounts for mTLS. All or none: with only some of them a plaintext server would be an accident.

/** Where VirtRigaud's manager mounts them. */
export const TLS_DIRECTORY = '/etc/virtrigaud/tls';

const FILES = { certificate: 'tls.crt', key: 'tls.key', ca: 'ca.crt' } as const;

export interface Leaf {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

export interface TlsFiles extends Leaf {
  readonly ca: Buffer;
}

/** undefined if none of the files is there; throws a `precondition` fault naming the missing ones if only some are. */
export function readTlsFiles(directory: string): TlsFiles | undefined {
  const names = Object.values(FILES);
  const missing = names.filter((name) => !existsSync(join(directory, name)));
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    throw unusable(
      directory,
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      `Mount all of ${names.join(', ')}, or none`,
    );
  }
  return { ...readLeaf(directory), ca: readCa(directory) };
}

/** Reads and checks certificate and key; throws a `precondition` fault if they are unusable or do not belong together. */
export function readLeaf(directory: string): Leaf {
  try {
    const leaf = {
      certificate: readFileSync(join(directory, FILES.certificate)),
      key: readFileSync(join(directory, FILES.key)),
    };
    createSecureContext({ cert: leaf.certificate, key: leaf.key });
    return leaf;
  } catch (cause) {
    const why = `${FILES.certificate} and ${FILES.key} cannot be used (${cause instanceof Error ? cause.message : ''})`;
    throw unusable(directory, why, 'Both must be PEM and belong to each other', cause);
  }
}

function readCa(directory: string): Buffer {
  try {
    const ca = readFileSync(join(directory, FILES.ca));
    // OpenSSL would skip what is not a certificate, and then trust nobody without saying why.
    void new X509Certificate(ca).subject;
    return ca;
  } catch (cause) {
    throw unusable(directory, `${FILES.ca} holds no certificate`, 'It must be PEM', cause);
  }
}

function unusable(directory: string, why: string, remedy: string, cause?: unknown): Fault {
  return new Fault('precondition', { subject: `TLS files in ${directory}`, why, remedy }, { cause });
}
