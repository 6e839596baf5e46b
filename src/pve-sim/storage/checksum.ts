// Checksums that uploads and downloads are given (pve-behaviour 8.5, 8.6).
import { createHash } from 'node:crypto';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import { choice, optional, type Schema, text } from '../schema/property.ts';

export interface Checksum {
  readonly algorithm: string;
  readonly value: string;
}

export const CHECKSUM_PARAMS: Schema = {
  checksum: optional(text({ requires: 'checksum-algorithm' })),
  'checksum-algorithm': {
    ...choice('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'),
    optional: true,
    requires: 'checksum',
  },
};

export interface Comparison {
  readonly isRight: boolean;
  /** In hex. */
  readonly got: string;
}

export function compareChecksum(data: Uint8Array, { algorithm, value }: Checksum): Comparison {
  const got = createHash(algorithm).update(data).digest('hex');
  return { got, isRight: got === value.toLowerCase() };
}

/** @throws `checksum mismatch: ...` */
export function verifyChecksum(process: Process, data: Uint8Array, checksum: Checksum | undefined): void {
  if (checksum === undefined) return;
  const { isRight, got } = compareChecksum(data, checksum);
  process.log(`calculating checksum...${isRight ? 'OK, checksum verified' : ''}`);
  if (!isRight) throw failure(`checksum mismatch: got '${got}' != expect '${checksum.value}'`);
}
