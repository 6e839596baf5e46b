// The program `pve-sim`, its control endpoint and the journal.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseClusterFile } from '#pve-sim/clusters/cluster-file';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, pveClient } from './pve-client.ts';

const program = join(import.meta.dirname, '../../bin/pve-sim.ts');

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function linesUntilReady(child: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) return lines;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === 'ready') return lines;
  }
  throw new Error(`it ended without being ready: ${lines.join('\n')}`);
}

async function failureOf(...args: string[]): Promise<{ code: unknown; text: string }> {
  const child = start(...args);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, text };
}

describe('the program', () => {
  test('prints endpoints, tokens, CA and control, serves, and ends cleanly on SIGTERM', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pve-sim-test-'));
    const child = start(
      '--port',
      '0',
      '--control-port',
      '0',
      '--seed',
      '5',
      '--time-scale',
      '10',
      '--state-dir',
      folder,
    );
    const lines = await linesUntilReady(child);
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'node',
      'node',
      'node',
      'token',
      'root',
      'root',
      'ca',
      'control',
      'ready',
    ]);
    expect(await readFile(join(folder, 'ca.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
    const controlUrl = lines.find((line) => line.startsWith('control '))?.slice('control '.length) ?? '';
    const info = (await (await request(`${controlUrl}/info`)).body.json()) as {
      timeScale: number;
      nodes: { name: string }[];
    };
    expect(info).toMatchObject({ timeScale: 10 });
    expect(info.nodes.map(({ name }) => name)).toEqual(['pve1', 'pve2', 'pve3']);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('writes every answered call to a file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'pve-sim-test-')), 'calls.jsonl');
    const child = start(
      '--port',
      '0',
      '--control-port',
      '0',
      '--no-tls',
      '--nodes',
      '2',
      '--guests',
      '3',
      '--record',
      file,
    );
    const lines = await linesUntilReady(child);
    const url = lines.find((line) => line.startsWith('node pve2 '))?.split(' ')[2] ?? '';
    const token = lines.find((line) => line.startsWith('token '))?.slice('token '.length) ?? '';
    await request(`${url}/api2/json/cluster/resources?type=vm`, { headers: { authorization: `PVEAPIToken=${token}` } });
    await request(`${url}/api2/json/nodes/pve9/qemu`, { headers: { authorization: `PVEAPIToken=${token}` } });
    child.kill('SIGTERM');
    await once(child, 'exit');
    const calls = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(calls).toMatchObject([
      { seq: 1, node: 'pve2', method: 'GET', path: '/cluster/resources', params: { type: 'vm' }, status: 200 },
      { seq: 2, method: 'GET', path: '/nodes/pve9/qemu', status: 500 },
    ]);
  });

  test('reads its faults from a file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'pve-sim-test-')), 'faults.json');
    await writeFile(file, '[{"path":"^/version$","action":{"bogus":1}}]');
    const { code, text } = await failureOf('--port', '0', '--faults', file);
    expect(code).toBe(1);
    expect(text).toContain(`the fault rules of ${file} cannot be read`);
  });

  test.each([
    ['an unknown cluster', ['--cluster', 'nine-node'], 'no cluster (one-node, three-node, documentation) and no file'],
    ['a cluster of too many nodes', ['--nodes', '65'], 'It has to be 1 to 64'],
    ['a cluster of two kinds', ['--nodes', '2', '--cluster', 'one-node'], 'cannot be used with'],
    ['an unknown version', ['--profile', '6.4'], "There is no profile '6.4'; known: 7.0"],
    ['a version for a node that is not there', ['--profile', 'pve9=8.4'], "there is no node 'pve9'"],
    ['a bad factor', ['--time-scale', '500'], 'It has to be within 0 to 200'],
    ['a bad port', ['--port', 'https'], 'It has to be a whole number'],
  ])('says what is wrong with %s', async (_, args, expected) => {
    const { code, text } = await failureOf(...args);
    expect(code).toBe(1);
    expect(text).toContain(expected);
  });
});

describe('a cluster from a file', () => {
  const cluster = {
    name: 'lab',
    pve: '8.4',
    nodes: [
      { name: 'alpha', cpus: 8, memory: '16G' },
      { name: 'beta', pve: '9.1' },
    ],
    storages: [
      { id: 'fast', type: 'zfspool', content: ['images'], size: '1T' },
      { id: 'files', type: 'nfs', shared: true, content: ['iso', 'images'], defaultFormat: 'qcow2' },
    ],
    guests: [
      {
        vmid: 200,
        node: 'beta',
        running: true,
        config: { name: 'web', cores: 2, net0: 'virtio,bridge=vmbr0' },
        disks: [{ key: 'scsi0', storage: 'fast', size: '8G' }],
      },
    ],
  };

  test('is what there is', async () => {
    const simulator = await startSimulator({ cluster: parseClusterFile(JSON.stringify(cluster)), tls: false });
    const pve = pveClient(simulator, { token: simulator.rootToken });
    const config = objectOf(await pve.get('/nodes/beta/qemu/200/config'));
    expect(config).toMatchObject({ name: 'web', cores: 2, scsi0: 'fast:vm-200-disk-0,size=8G' });
    expect(objectOf(await pve.get('/nodes/beta/qemu/200/status/current'))).toMatchObject({ status: 'running' });
    expect(objectOf(await pve.get('/nodes/alpha/version'))).toMatchObject({ release: '8.4' });
    expect(objectOf(await pve.get('/nodes/beta/version'))).toMatchObject({ release: '9.1' });
    expect(simulator.world.nodes['alpha']).toMatchObject({ cpus: 8, memoryBytes: 16 * 1024 ** 3 });
    await pve.close();
    await simulator.stop();
  });

  test.each([
    ['no nodes', { nodes: [] }, 'nodes'],
    [
      'a size of no unit PVE has',
      { nodes: [{ name: 'alpha', memory: '16 gigs' }] },
      "'16 gigs' is no size such as 32G",
    ],
    ['several nodes and no name', { name: undefined }, 'several nodes are a cluster: give it a name'],
    [
      'a guest on a node that is not there',
      { containers: [{ vmid: 201, node: 'x', hostname: 'x' }] },
      "guest 201: there is no node 'x'",
    ],
    [
      'an id that is there twice',
      { containers: [{ vmid: 200, node: 'beta', hostname: 'x' }] },
      'guest 200 is there twice',
    ],
    ['a disk on a storage that is not there', { storages: [cluster.storages[1]] }, "there is no storage 'fast'"],
    ['a word it does not know', { color: 'blue' }, 'color'],
  ])('is refused with %s', (_, change, expected) => {
    expect(() => parseClusterFile(JSON.stringify({ ...cluster, ...change }))).toThrow(expected);
  });
});

describe('the control endpoint', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ cluster: 'one-node', tls: false, controlPort: 0, timeScale: 50 });
  });
  afterAll(async () => {
    await simulator.stop();
  });

  async function control(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; data: unknown }> {
    const answer = await request(`${simulator.controlUrl ?? ''}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.statusCode, data: await answer.body.json() };
  }

  test('shows the world without secrets', async () => {
    const { data } = await control('GET', '/world');
    expect(data).toMatchObject({ guests: { 9000: { config: { name: 'debian-12-template' } } } });
    const text = JSON.stringify(data);
    for (const secret of [simulator.token.secret, simulator.rootPassword]) expect(text).not.toContain(secret);
    expect(text).not.toContain(simulator.world.access.signingKey.secret);
  });

  test('gives a user a password and second factors', async () => {
    const { access } = simulator.world;
    access.users['bea@pve'] = { enabled: true };
    const secondFactors = [{ type: 'totp', secret: 'JBSWY3DPEHPK3PXP' }];
    const { status } = await control('POST', '/world/users/bea@pve', { password: 'pw-of-bea', secondFactors });
    expect(status).toBe(200);
    expect(access.users['bea@pve']).toMatchObject({ password: 'pw-of-bea', secondFactors: [{ id: 'totp' }] });
    expect((await control('POST', '/world/users/nobody@pve', {})).data).toEqual({
      error: "there is no user 'nobody@pve'",
    });
    const bad = await control('POST', '/world/users/bea@pve', { secondFactors: [{ type: 'totp', secret: '1' }] });
    expect(bad.status).toBe(400);
  });

  test('tells the journal in the order of arrival, secrets masked, from a number on', async () => {
    const pve = pveClient(simulator);
    await pve.get('/version');
    await pve.put('/nodes/pve/qemu/9000/config', { cipassword: 'hidden', ciuser: 'me' });
    const { data } = await control('GET', '/journal');
    const entries = data as {
      seq: number;
      method: string;
      path: string;
      params: unknown;
      status: number;
      user: string;
    }[];
    const last = entries.at(-1);
    expect(last).toMatchObject({
      method: 'PUT',
      path: '/nodes/pve/qemu/9000/config',
      params: { node: 'pve', vmid: '9000', cipassword: '***', ciuser: 'me' },
      status: 200,
      user: simulator.token.id,
    });
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
    expect((await control('GET', `/journal?after=${(last?.seq ?? 1) - 1}`)).data).toHaveLength(1);
    await pve.close();
  });

  test('an entry is there before its answer', async () => {
    const pve = pveClient(simulator);
    await simulator.holdLock('vm:9000', 5000);
    const waiting = pve.put('/nodes/pve/qemu/9000/config', { tags: 'x' });
    await simulator.clock.sleep(1000);
    expect(simulator.journal.entries.at(-1)).toMatchObject({ method: 'PUT', status: undefined, durationMs: undefined });
    await waiting;
    expect(simulator.journal.entries.at(-1)).toMatchObject({ status: 200 });
    await pve.close();
  });

  test('sets and clears faults, patches guests, holds locks and switches nodes', async () => {
    const pve = pveClient(simulator);
    await control('POST', '/faults', [{ path: '^/version$', action: { answer: { status: 500, reason: 'no' } } }]);
    expect((await pve.get('/version')).status).toBe(500);
    await control('DELETE', '/faults');
    expect((await pve.get('/version')).status).toBe(200);
    await control('POST', '/world/vms/9000', { config: { lock: 'backup' }, behaviour: { agent: 'silent' } });
    expect(objectOf(await pve.get('/nodes/pve/qemu/9000/config'))['lock']).toBe('backup');
    await control('POST', '/world/vms/9000', { config: { lock: null } });
    expect(objectOf(await pve.get('/nodes/pve/qemu/9000/config'))).not.toHaveProperty('lock');
    expect((await control('POST', '/locks', { lock: 'user.cfg', seconds: 1 })).status).toBe(200);
    await control('POST', '/nodes/pve', { online: false });
    await expect(pve.get('/version')).rejects.toThrow();
    await control('POST', '/nodes/pve', { online: true });
    expect((await pve.get('/version')).status).toBe(200);
    await pve.close();
  });

  test.each([
    ['an unknown path', 'GET', '/nope', undefined, 404],
    ['a fault of no kind', 'POST', '/faults', [{ action: { bogus: 1 } }], 400],
    ['a guest that is not there', 'POST', '/world/vms/555', {}, 400],
    ['a patch of something else', 'POST', '/world/vms/9000', { bogus: 1 }, 400],
  ] as const)('refuses %s', async (_, method, path, body, status) => {
    const reply = await control(method, path, body);
    expect(reply.status).toBe(status);
    expect(reply.data).toHaveProperty('error');
  });

  test('the world can be cloned and compared', () => {
    expect(structuredClone(simulator.world)).toEqual(simulator.world);
  });
});

test('one seed gives one world, another seed another', async () => {
  const secrets = await Promise.all(
    [3, 3, 4].map(async (seed) => {
      const simulator = await startSimulator({ seed, tls: false });
      await simulator.stop();
      return JSON.stringify([simulator.token.secret, simulator.world.guests[9000]?.config['net0']]);
    }),
  );
  expect(secrets[0]).toBe(secrets[1]);
  expect(secrets[0]).not.toBe(secrets[2]);
});
