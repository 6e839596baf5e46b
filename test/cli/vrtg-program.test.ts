import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providerEnvironment } from '../support/flow.ts';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { startKubeApi } from '../support/kube-api.ts';
import { until } from '../support/until.ts';

// The program as it is shipped.

const bundle = join(import.meta.dirname, '../../dist/vrtg.mjs');

let sim: Simulator;
beforeAll(async () => {
  sim = await startSimulator({ timeScale: 100, latency: false });
});
afterAll(async () => await sim.stop());

function start(args: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '', VIRTRIGAUD_CREDENTIALS_DIR: '/nonexistent', ...environment };
  return spawn(process.execPath, [bundle, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(args: readonly string[], environment = providerEnvironment(sim, 1)) {
  const child = start(args, environment);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  await once(child, 'close');
  return { code: child.exitCode, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

function addStub(vmid: number): void {
  const template = sim.world.guests[9001];
  if (template === undefined) throw new Error('there is no template');
  sim.world.guests[vmid] = { ...template, vmid, config: { lock: 'clone' }, pending: {}, snapshots: {} };
}

describe('the program vrtg', () => {
  it('lists what is left, for a person, and ends with 1', async () => {
    addStub(100_500);
    const { code, out, err } = await run(['orphans', '--time-scale=100']);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toBe(
      [
        'KIND  VMID/VOLUME  NODE  WHY',
        'stub  100500       pve2  locked (clone) by a create that died, and nobody works on it; nothing in it says whose it was',
        '    on pve2, as root:',
        '      qm unlock 100500',
        '      qm destroy 100500',
        '',
        '1 left behind.',
        'Looked at nodes pve1, pve2, pve3, storages local, local-lvm, shared and 1 VMs with ids 100000-999999, as instance test/flow.',
        'Other storages, if there are any, are hidden from this token (Datastore.Audit).',
        '',
      ].join('\n'),
    );
    delete sim.world.guests[100_500];
  });

  it('takes its options over the environment', async () => {
    const environment = { ...providerEnvironment(sim, 0), PVE_ENDPOINT: 'https://127.0.0.1:1', PVE_INSTANCE: '' };
    const { code, out } = await run(
      ['orphans', '--endpoint', sim.nodes[2]?.url ?? '', '--instance', 'lab', '--output=json'],
      environment,
    );
    expect({ code, report: JSON.parse(out) as unknown }).toMatchObject({
      code: 0,
      report: { instance: 'lab', orphans: [] },
    });
  });

  it('adopts what a Kubernetes API has', async () => {
    const metadata = { name: 'web', namespace: 'team-a' };
    const object = { metadata, spec: { providerRef: { name: 'flow', namespace: 'test' } }, status: { id: '100' } };
    const api = await startKubeApi([object], 10);
    const { code, out } = await run(['adopt', '--from-kube', '--kubeconfig', api.kubeconfig]);
    api.stop();
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining('VM 100 (legacy-app on pve3): adopted, as team-a/web.'),
    });
  });

  it.each([
    ['no endpoint', {}, /^vrtg: Failed to create PVE client: endpoint is required\. Set PVE_ENDPOINT/],
    [
      'an endpoint where nothing is',
      { PVE_ENDPOINT: 'https://127.0.0.1:1' },
      /^vrtg: Failed to connect: .*connection refused \(https:\/\/127\.0\.0\.1:1\)/,
    ],
    ['a setting that is none', { PVE_VMID_RANGE: '1-2' }, /^vrtg: PVE_VMID_RANGE: /],
  ])('ends with 2 and a line that says why, with %s', async (_what, change, message) => {
    const { PVE_ENDPOINT: _, ...token } = providerEnvironment(sim, 0);
    const { code, out, err } = await run(['orphans'], { ...token, ...change });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });

  it('ends at once with 130 when it is interrupted in the half minute it watches', async () => {
    addStub(100_501);
    const seq = sim.journal.entries.at(-1)?.seq ?? 0;
    const child = start(['orphans'], providerEnvironment(sim, 0));
    await until(
      async () => await Promise.resolve(sim.journal.after(seq)),
      (entries) => entries.some(({ path }) => path.endsWith('/nodes/pve2/tasks')),
    );
    child.kill('SIGINT');
    await once(child, 'close');
    expect(child.exitCode).toBe(130);
    delete sim.world.guests[100_501];
  });
});
