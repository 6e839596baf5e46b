import { describe, expect, it } from 'vitest';
import { parseFingerprint, parseFingerprints } from './fingerprint.ts';

const SHOWN = Array.from({ length: 32 }, (_, index) => (index * 7).toString(16).padStart(2, '0').toUpperCase()).join(
  ':',
);

describe('a fingerprint', () => {
  it.each([SHOWN, SHOWN.toLowerCase(), SHOWN.replaceAll(':', ''), SHOWN.replaceAll(':', '').toLowerCase()])(
    'is %s',
    (text) => expect(parseFingerprint(text)).toBe(SHOWN),
  );

  it.each(['', 'AB', SHOWN.slice(3), `${SHOWN}:00`, SHOWN.replace('00', '0G'), SHOWN.replace(':', '::'), `:${SHOWN}`])(
    'is not "%s"',
    (text) => expect(parseFingerprint(text)).toBeUndefined(),
  );
});

describe('a list of fingerprints', () => {
  it('has a place for each endpoint, also for one without', () => {
    expect(parseFingerprints(`${SHOWN}, ,${SHOWN.toLowerCase()}`)).toEqual([SHOWN, undefined, SHOWN]);
  });

  it('names the entry that is none', () => {
    expect(() => parseFingerprints(`${SHOWN},AB:CD`)).toThrow('entry 2, "AB:CD", is not the SHA-256 fingerprint');
  });
});
