// go-proxmox, the Go library of several PVE tools, drives the simulator unmodified. Skipped where there is no Go.
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '#pve-sim/simulator';
import { buildGo } from '../../support/go.ts';

it('go-proxmox takes a guest through its life with a token and with a login', async ({ skip }) => {
  const built = buildGo(join(import.meta.dirname, 'go-client'), 'go-client');
  if ('missing' in built) return skip(built.missing);
  const simulator = await startSimulator({ timeScale: 20 });
  const ca = join(await mkdtemp(join(tmpdir(), 'go-client-')), 'ca.pem');
  await writeFile(ca, simulator.ca);
  const { token, rootPassword, nodes } = simulator;
  const run = promisify(execFile);
  const args = [nodes[1]?.url ?? '', ca, token.id, token.secret, rootPassword];
  onTestFinished(async () => await simulator.stop());
  const { stdout } = await run(built.binary, args);
  const life = (name: string): string[] =>
    [
      'version 9.1',
      'clone OK',
      'config OK',
      'tag OK',
      'resize OK',
      'start OK',
      'interfaces true',
      'snapshot OK',
      'snapshots 2',
      'stop OK',
      `status stopped by-${name} go 4`,
      'delete OK',
      'gone true',
    ].map((line) => `${name} ${line}`);
  expect(stdout.trim().split('\n')).toEqual([...life('token'), ...life('login')]);
});
