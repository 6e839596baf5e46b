import { createHash } from 'node:crypto';
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

/** In hex. */
export function checksumOf(algorithm: string, data: Uint8Array): string {
  return createHash(algorithm).update(data).digest('hex');
}
