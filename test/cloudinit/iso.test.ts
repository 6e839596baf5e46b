// Our ISO images as the tools of Linux distributions read them.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noCloudFiles } from '#cloudinit/documents';
import { buildIso, type IsoFile } from '#cloudinit/iso';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'vrtg-iso-'));
const image = join(folder, 'seed.iso');

const files: IsoFile[] = [
  ...noCloudFiles({
    instanceId: 'vrtg-abcdefgh2345',
    hostname: 'web-server',
    userData: Uint8Array.from({ length: 5_000_001 }, (_, index) => (index * 31 + (index >> 8)) & 0xff),
    metaData: undefined,
    nics: [{ mac: 'BC:24:11:00:00:01', addresses: [], gateways: [], dns: [] }],
  }),
  { name: 'vendor-data', bytes: new Uint8Array() },
];

beforeAll(() => writeFileSync(image, buildIso(files, { label: 'cidata' })));
afterAll(() => rmSync(folder, { recursive: true }));

const hasXorriso = canRun('xorriso', '-version');
const hasIsoinfo = canRun('isoinfo', '-version');

describe('a NoCloud ISO', () => {
  test.skipIf(!hasXorriso)('comes back from xorriso under its names, byte for byte [needs xorriso]', () => {
    const out = join(folder, 'out');
    execFileSync('xorriso', ['-osirrox', 'on:auto_chmod_on', '-indev', image, '-extract', '/', out], { stdio: 'pipe' });
    for (const file of files) expect(readFileSync(join(out, file.name)).equals(file.bytes), file.name).toBe(true);
  });

  test.skipIf(!hasIsoinfo)('has the label that cloud-init looks for [needs isoinfo]', () => {
    expect(isoinfo('-d').toString()).toContain('Volume id: cidata\n');
  });

  test.skipIf(!hasIsoinfo).each([
    ['Rock Ridge', '-R', ''],
    ['Joliet', '-J', ';1'],
  ])('comes back from isoinfo through its %s names, byte for byte [needs isoinfo]', (_, flag, version) => {
    for (const file of files) {
      const found = isoinfo(flag, '-x', `/${file.name}${version}`);
      expect(found.equals(file.bytes), file.name).toBe(true);
    }
  });
});

function isoinfo(...args: string[]): Buffer {
  return execFileSync('isoinfo', ['-i', image, ...args], { maxBuffer: 16 * 1024 ** 2 });
}

function canRun(program: string, flag: string): boolean {
  return spawnSync(program, [flag]).status === 0;
}
