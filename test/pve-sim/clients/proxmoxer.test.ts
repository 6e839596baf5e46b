// proxmoxer, the Python client of Ansible's modules among others, drives the simulator unmodified.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';

/** Debian's own Python has the package of Debian; another one may have PyPI's. */
const python = ['/usr/bin/python3', 'python3'].find((program) => {
  try {
    execFileSync(program, ['-c', 'import proxmoxer, requests'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
const note = python === undefined ? ' (skipped: there is no proxmoxer)' : '';

describe.skipIf(python === undefined)(`proxmoxer${note}`, () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ timeScale: 20 });
  });
  afterAll(async () => {
    await simulator.stop();
  });

  test('takes a guest through its life with a token and with a login, and uploads a file', async () => {
    // Named like an image, since PVE judges the name of an upload.
    const file = join(await mkdtemp(join(tmpdir(), 'proxmoxer-')), 'ca.pem');
    await writeFile(file, simulator.ca);
    const image = file.replace('ca.pem', 'ca.iso');
    await rename(file, image);
    const { host } = new URL(simulator.nodes[1]?.url ?? '');
    const { token, rootPassword } = simulator;
    const child = spawn(python ?? '', [
      join(import.meta.dirname, 'drive_proxmoxer.py'),
      host,
      image,
      token.id,
      token.secret,
      rootPassword,
    ]);
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(errors).toBe('');
    const life = (name: string): string[] =>
      [
        'version 9.1',
        'nodes pve1 pve2 pve3',
        'clone OK',
        'resize OK',
        'start OK',
        'interfaces eth0 lo',
        'snapshot OK',
        'snapshots before current',
        'rollback OK',
        'config 4 proxmoxer',
        'status stopped',
        'delete OK',
        'gone 500',
        'refused 400 Parameter verification failed.',
      ].map((line) => `${name} ${line}`);
    expect(out.trim().split('\n')).toEqual([...life('token'), ...life('login'), 'upload OK']);
    expect(Object.keys(simulator.world.volumes)).toContain('pve1/local:iso/ca.iso');
    expect(Object.values(simulator.world.guests).filter(({ config }) => config['tags'] === 'proxmoxer')).toEqual([]);
  });
});
