// SHA-256 crypt, `$5$<salt>$<hash>` with its default of 5000 rounds: what a guest's password becomes when it is set later.
import { createHash } from 'node:crypto';

const ROUNDS = 5000;
const BYTES_OF_GROUPS = 30;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function sha256Crypt(password: string, salt: string): string {
  const key = Buffer.from(password);
  const salted = Buffer.from(salt);
  const first = mixed(key, salted);
  const keyBytes = stretched(sha256(...Array.from({ length: key.length }, () => key)), key.length);
  const saltBytes = stretched(sha256(...Array.from({ length: 16 + (first[0] ?? 0) }, () => salted)), salted.length);
  let digest = first;
  for (let round = 0; round < ROUNDS; round += 1) {
    const odd = round % 2 === 1;
    const parts = [odd ? keyBytes : digest];
    if (round % 3 !== 0) parts.push(saltBytes);
    if (round % 7 !== 0) parts.push(keyBytes);
    parts.push(odd ? digest : keyBytes);
    digest = sha256(...parts);
  }
  return `$5$${salt}$${encoded(digest)}`;
}

/** The sum over key and salt, stirred by the bits of the key's length. */
function mixed(key: Buffer, salt: Buffer): Buffer {
  const other = sha256(key, salt, key);
  const parts = [key, salt, stretched(other, key.length)];
  for (let length = key.length; length > 0; length >>= 1) parts.push(length % 2 === 1 ? other : key);
  return sha256(...parts);
}

function stretched(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Groups of three bytes, in the order this scheme shuffles them, as four characters each; the last two bytes as three. */
function encoded(digest: Buffer): string {
  const byte = (index: number): number => digest[index] ?? 0;
  let text = '';
  let [first, second, third] = [0, BYTES_OF_GROUPS / 3, (2 * BYTES_OF_GROUPS) / 3];
  for (let count = 0; count < BYTES_OF_GROUPS / 3; count += 1) {
    text += characters((byte(first) << 16) | (byte(second) << 8) | byte(third), 4);
    [first, second, third] = [third + 1, first + 1, second + 1];
  }
  return text + characters((byte(31) << 8) | byte(30), 3);
}

/** Six bits each, the lowest first. */
function characters(bits: number, count: number): string {
  return Array.from({ length: count }, (_, index) => ALPHABET[(bits >> (6 * index)) & 63]).join('');
}
