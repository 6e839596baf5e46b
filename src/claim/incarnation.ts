import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** 12 characters of a-z2-7 (60 bits), drawn once for every VM that is made. */
export function newIncarnation(): string {
  return Array.from(randomBytes(12), (byte) => ALPHABET.charAt(byte % 32)).join('');
}
