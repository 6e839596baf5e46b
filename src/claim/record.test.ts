import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { type Claim, ClaimTooLongError, describeWithClaim, formatClaim, readClaim, shorten } from './record.ts';

const claim: Claim = {
  incarnation: 'abcdefgh2345',
  digest: '10123456789abcdef',
  instance: 'default/prod',
  kind: 'vm',
  name: 'web-server',
  state: 'creating',
  time: 1_700_000_000,
  vmid: 100123 as Vmid,
};

describe('the claim line', () => {
  it('has the frozen form', () => {
    expect(formatClaim({ ...claim, namespace: 'team-a', uid: 'u-1' })).toBe(
      '<!-- virtrigaud 1 {"c":"abcdefgh2345","d":"10123456789abcdef","i":"default/prod","k":"vm","n":"web-server",' +
        '"ns":"team-a","s":"creating","t":1700000000,"u":"u-1","v":100123} -->',
    );
  });

  it('escapes angle brackets so that no value can end the comment', () => {
    const line = formatClaim({ ...claim, name: '--><b>' });
    expect(line).toContain('"n":"--\\u003e\\u003cb\\u003e"');
    expect(readClaim(line)).toMatchObject({ kind: 'claim', claim: { name: '--><b>' } });
  });

  it('comes back from any description as it was written', () => {
    const names = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
    fc.assert(
      fc.property(names, fc.string({ unit: 'grapheme' }), (name, text) => {
        fc.pre(!text.includes('<!-- virtrigaud') && Buffer.byteLength(name) <= 100);
        const reading = readClaim(describeWithClaim(text, { ...claim, name }, 'cut'));
        expect(reading).toEqual({
          kind: 'claim',
          claim: { ...claim, name },
          text: text.trimEnd().replaceAll('\r\n', '\n'),
        });
      }),
      { seed: 1 },
    );
  });

  it.each(['a\u2028b', '\u2029', '\u0085'])(
    'survives a name with %j, which some take for the end of a line',
    (name) => {
      expect(readClaim(formatClaim({ ...claim, name }))).toMatchObject({ kind: 'claim', claim: { name } });
    },
  );

  it('carries codes of warnings', () => {
    const line = formatClaim({ ...claim, warnings: ['bios-to-uefi'] });
    expect(line).toContain('"v":100123,"w":["bios-to-uefi"]}');
    expect(readClaim(line)).toMatchObject({ claim: { warnings: ['bios-to-uefi'] } });
  });

  it('keeps keys it does not know', () => {
    const line = formatClaim({ ...claim, unknown: { z: [1] } });
    expect(readClaim(line)).toMatchObject({ claim: { unknown: { z: [1] } } });
  });

  it('is found where somebody has added text below it', () => {
    expect(readClaim(`hello\n${formatClaim(claim)}\nmore`)).toEqual({ kind: 'claim', claim, text: 'hello\nmore' });
  });

  it.each([
    ['a later version', '<!-- virtrigaud 2 {} -->', /version 2/],
    ['no JSON', '<!-- virtrigaud 1 {"c": -->', /not JSON/],
    ['a missing field', '<!-- virtrigaud 1 {"c":"x"} -->', /lacks a field/],
    ['a cut comment', '<!-- virtrigaud 1 {"c":', /damaged/],
  ])('with %s counts as unreadable, never as absent', (_what, line, reason) => {
    const reading = readClaim(line);
    expect(reading.kind).toBe('unreadable');
    expect(reading).toHaveProperty('reason', expect.stringMatching(reason));
  });

  it.each([undefined, '', 'just text', '<!-- a comment -->'])('is absent from %j', (description) => {
    expect(readClaim(description).kind).toBe('none');
  });
});

describe('a description with a claim', () => {
  it("cuts a template's text to PVE's 8,192 characters, counted as code points", () => {
    const description = describeWithClaim('🐧'.repeat(9000), claim, 'cut');
    expect([...description]).toHaveLength(8192);
    expect(readClaim(description).kind).toBe('claim');
  });

  it("refuses rather than cut a person's text", () => {
    expect(() => describeWithClaim('x'.repeat(8192), claim, 'refuse')).toThrow(ClaimTooLongError);
  });
});

describe('a long value', () => {
  it('is its first 80 bytes, a tilde and 16 hex digits', () => {
    expect(shorten('a'.repeat(100))).toBe('a'.repeat(100));
    expect(shorten('a'.repeat(101))).toBe(`${'a'.repeat(80)}~9d0793397991b57a`);
    expect(shorten(`${'a'.repeat(79)}ü${'b'.repeat(40)}`)).toMatch(/^a{79}~[0-9a-f]{16}$/);
  });
});
