import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asUpid, asVmid, formatUpid, parseUpid, parseVmid, type Upid, type UpidParts, upidNode } from './ids.ts';

interface Vector {
  readonly upid: string;
  readonly decoded: UpidParts;
}

const file = join(process.env['FACTS_DIR'] ?? '../shared', 'data/pve-golden-vectors.json');
const isMissing = !existsSync(file) && process.env['FACTS_DIR'] === undefined;
const skipped = isMissing ? ' (skipped: ../shared is not here)' : '';
const vectors = isMissing ? [] : (JSON.parse(readFileSync(file, 'utf8')) as { upid: readonly Vector[] }).upid;

describe.skipIf(isMissing)(`task ids, against what PVE itself makes of them${skipped}`, () => {
  test('there are vectors', () => expect(vectors.length).toBeGreaterThan(1));

  test.each(vectors)('$upid comes apart and together again', ({ upid, decoded }) => {
    expect(parseUpid(upid)).toEqual(decoded);
    expect(formatUpid(decoded)).toBe(upid);
  });
});

describe('task ids', () => {
  test('name the node they run on', () => {
    expect(upidNode('UPID:pve-2:000004D2:0056A735:6553F100:qmstart:100:root@pam:' as Upid)).toBe('pve-2');
  });

  test.each(['', 'UPID:pve:1:1:1:qmstart:1:root@pam:', 'UPID:pve:000004D2:0056A735:6553F100:qmstart:100:root@pam'])(
    '"%s" is none',
    (text) => expect(asUpid(text)).toBeUndefined(),
  );
});

describe('VMIDs', () => {
  test.each([
    ['100', 100],
    ['999999999', 999_999_999],
    ['99', undefined],
    ['0100', undefined],
    ['1000000000', undefined],
    ['1e3', undefined],
  ])('"%s" is %s', (text, vmid) => expect(parseVmid(text)).toBe(vmid));

  test('come as numbers and as texts', () => {
    expect(asVmid(100)).toBe(100);
    expect(asVmid('100')).toBe(100);
    expect(asVmid(100.5)).toBeUndefined();
    expect(asVmid(null)).toBeUndefined();
  });
});
