// Reads back what a provider has put into a cloud-init ISO, with tools of others.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Simulator } from '#pve-sim/simulator';
import type { VmFacts } from './world.ts';

interface Reader {
  readonly program: string;
  readonly args: (iso: string, file: string, out: string) => string[];
}

const READERS: readonly Reader[] = [
  { program: 'xorriso', args: (iso, file, out) => ['-osirrox', 'on', '-indev', iso, '-extract', `/${file}`, out] },
  { program: 'isoinfo', args: (iso, file) => ['-R', '-x', `/${file}`, '-i', iso] },
];

/** The first ISO reader on this machine; undefined where there is none. */
export function isoReader(): string | undefined {
  return READERS.find(({ program }) => isInstalled(program))?.program;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The bytes of one file in an ISO. Throws where it is not there. */
export function readIsoFile(iso: Uint8Array, file: string): Buffer {
  const reader = READERS.find(({ program }) => program === isoReader());
  if (reader === undefined) throw new Error('no ISO reader is installed');
  const folder = mkdtempSync(join(tmpdir(), 'vrtg-iso-'));
  try {
    const path = join(folder, 'seed.iso');
    const out = join(folder, 'file');
    writeFileSync(path, iso);
    const printed = execFileSync(reader.program, reader.args(path, file, out), { stdio: ['ignore', 'pipe', 'ignore'] });
    return reader.program === 'xorriso' ? readFileSync(out) : printed;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The volume of the cloud-init ISO that a VM has in a drive, and the slot of that; undefined where it has none. */
export function seedIsoOf({ config }: Pick<VmFacts, 'config'>): { slot: string; volid: string } | undefined {
  const found = Object.entries(config).find(([, value]) => /:iso\/vrtg-/.test(value));
  return found === undefined ? undefined : { slot: found[0], volid: found[1].split(',')[0] ?? '' };
}

/** The bytes that were uploaded; of a local volume those on any node. */
export function isoBytes(sim: Simulator, volid: string): Uint8Array {
  const data = Object.values(sim.world.volumes).find((volume) => volume.volid === volid)?.data;
  if (data === undefined) throw new Error(`there is no ISO ${volid}`);
  return data;
}
