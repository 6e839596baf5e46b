import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 12;
const FAMILY_LENGTH = 6;

/**
 * 12 characters of a-z2-7, drawn once for every VM that is made: 60 bits of chance.
 * @param family the first ones of them; the others are 30 bits of chance then
 */
export function newIncarnation(family = ''): string {
  return `${family}${charactersOf(randomBytes(LENGTH - family.length))}`;
}

/**
 * What all that is cloned for one owner begins with: an ISO goes to PVE before its copy is there, and its name alone then
 * tells whose it is.
 */
export function cloneFamily(ownerKey: string): string {
  return charactersOf(createHash('sha256').update(`clone:${ownerKey}`).digest().subarray(0, FAMILY_LENGTH));
}

function charactersOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte % 32)).join('');
}
