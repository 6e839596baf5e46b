import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { buildIso } from './iso.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const SEED = [
  { name: 'user-data', bytes: encode('#cloud-config\n') },
  { name: 'meta-data', bytes: encode('instance-id: i\n') },
];
const LABEL = { label: 'cidata' };

describe('an ISO image', () => {
  test('is the same bytes for the same files, in whatever order they come', () => {
    expect(buildIso(SEED, LABEL)).toEqual(buildIso(SEED.toReversed(), LABEL));
  });

  // What has been uploaded keeps its name over an upgrade of the provider.
  test('is the same bytes in every version', () => {
    const sha256 = createHash('sha256').update(buildIso(SEED, LABEL)).digest('hex');
    expect(sha256).toBe('5c25128c3564a68b0e196fada2cccdb006f3e0a99fd1d486b32fde79832a16d3');
  });

  test('is other bytes when a byte of a file is another', () => {
    expect(buildIso(SEED, LABEL)).not.toEqual(
      buildIso([{ name: 'user-data', bytes: encode('#cloud-config ') }], LABEL),
    );
  });

  test.each([0, 1, 2047, 2048, 2049, 3_000_000])(
    'with a file of %i bytes ends with the sector of its last byte',
    (size) => {
      const image = buildIso([{ name: 'user-data', bytes: new Uint8Array(size).fill(7) }], LABEL);
      expect(image.length).toBe((25 + Math.ceil(size / 2048)) * 2048);
      expect(image.filter((byte) => byte === 7).length).toBeGreaterThanOrEqual(size);
    },
  );

  test.each(['', 'User-Data', 'a.b.c', '../x', '/x', 'x//y', 'ü', 'a'.repeat(28)])(
    'refuses the file name "%s"',
    (name) => {
      expect(() => buildIso([{ name, bytes: encode('x') }], LABEL)).toThrow(/cannot be the name/);
    },
  );

  test('refuses two names that ISO 9660 cannot tell apart', () => {
    const files = ['user-data', 'user_data'].map((name) => ({ name, bytes: encode('x') }));
    expect(() => buildIso(files, LABEL)).toThrow(/same name/);
  });

  test('refuses a label that is too long, and more files than its directory holds', () => {
    expect(() => buildIso(SEED, { label: 'x'.repeat(17) })).toThrow(RangeError);
    const many = Array.from({ length: 40 }, (_, index) => ({ name: `file-${index}`, bytes: encode('x') }));
    expect(() => buildIso(many, LABEL)).toThrow(RangeError);
  });
});
