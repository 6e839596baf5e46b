// A guest under every kind of config lock, stopped and running, and what each call makes of it (pve-behaviour 12, 20).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { Guest } from '#pve-sim/world/world';
import { type PveClient, pveClient } from './pve-client.ts';

const LOCKS = [
  'backup',
  'clone',
  'create',
  'migrate',
  'rollback',
  'snapshot',
  'snapshot-delete',
  'suspending',
  'suspended',
] as const;

let simulator: Simulator;
let pve: PveClient;
const guest = '/nodes/pve1/qemu/150';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50 });
  pve = pveClient(simulator, { token: simulator.rootToken });
  const options = { vmid: 150, name: 'locked', memory: 512, scsi0: 'shared:1,format=qcow2', scsi1: 'local-lvm:1' };
  expect(await pve.task('post', '/nodes/pve1/qemu', { ...options, delete: undefined })).toBe('OK');
  await pve.put(`${guest}/config`, { delete: 'scsi1' });
  expect(await pve.task('post', `${guest}/snapshot`, { snapname: 'old' })).toBe('OK');
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const here = (): Guest => {
  const found = simulator.world.guests[150];
  if (found === undefined) throw new Error('the guest is gone');
  return found;
};

/** What a call says: its refusal, or how its task ended. */
async function outcome(method: 'post' | 'put' | 'del', path: string, params = {}): Promise<string> {
  const reply = await pve[method](`${guest}${path}`, params);
  if (reply.status !== 200) return `${reply.status} ${reply.reason}`;
  return typeof reply.data === 'string' ? await pve.exitOf(reply.data) : 'done';
}

/** How each call refuses a locked guest. */
const REFUSED = (lock: string): readonly (readonly ['post' | 'put' | 'del', string, object, string])[] => [
  ['put', '/config', { cores: 2 }, `500 VM is locked (${lock})`],
  ['post', '/config', { cores: 2 }, `500 VM is locked (${lock})`],
  ['put', '/unlink', { idlist: 'unused0' }, `500 VM is locked (${lock})`],
  ['put', '/resize', { disk: 'scsi0', size: '+1G' }, `VM is locked (${lock})`],
  ['post', '/move_disk', { disk: 'scsi0', storage: 'local-lvm' }, `500 VM is locked (${lock})`],
  ['post', '/clone', { newid: 160 }, `500 VM is locked (${lock})`],
  ['post', '/template', {}, `500 VM is locked (${lock})`],
  ['post', '/snapshot', { snapname: 'new' }, `VM is locked (${lock})`],
  ['put', '/snapshot/old/config', { description: 'x' }, `500 VM is locked (${lock})`],
  ['post', '/snapshot/old/rollback', {}, `VM is locked (${lock})`],
  ['post', '/snapshot/none/rollback', {}, "snapshot 'none' does not exist"],
  ['del', '/snapshot/none', {}, "snapshot 'none' does not exist"],
  ['del', '/snapshot/old', {}, `VM is locked (${lock})`],
];

describe.each(LOCKS)('%s', (lock) => {
  test('keeps a guest from being changed', async () => {
    here().config['lock'] = lock;
    const before = structuredClone({ ...here(), behaviour: undefined });
    for (const [method, path, params, expected] of REFUSED(lock)) {
      expect([path, await outcome(method, path, params)]).toEqual([path, expected]);
    }
    expect({ ...here(), behaviour: undefined }).toEqual(before);
  });

  test('of a stopped guest keeps it from starting, and stops nobody from stopping it', async () => {
    here().config['lock'] = lock;
    expect(await outcome('post', '/status/stop')).toBe('OK');
    expect(await outcome('post', '/status/shutdown')).toBe('OK');
    for (const act of ['reboot', 'reset', 'suspend']) {
      expect(await outcome('post', `/status/${act}`)).toBe('500 VM 150 not running');
    }
    const starts = lock === 'suspended';
    expect(await outcome('post', '/status/resume')).toBe(starts ? 'OK' : '500 VM 150 not running');
    if (starts) expect(await outcome('post', '/status/stop')).toBe('OK');
    if (starts) here().config['lock'] = lock;
    expect(await outcome('post', '/status/start')).toBe(starts ? 'OK' : `VM is locked (${lock})`);
    expect(here().config['lock']).toBe(starts ? undefined : lock);
    here().run = undefined;
  });

  test('of a running guest keeps it running', async () => {
    delete here().config['lock'];
    expect(await outcome('post', '/status/start')).toBe('OK');
    here().config['lock'] = lock;
    const refused = `VM is locked (${lock})`;
    for (const act of ['stop', 'shutdown', 'reboot', 'reset']) {
      expect([act, await outcome('post', `/status/${act}`)]).toEqual([act, refused]);
    }
    expect(await outcome('del', '')).toBe('500 VM 150 is running - destroy failed');
    const started = { backup: 'OK', suspended: 'VM 150 already running' } as Record<string, string>;
    expect(await outcome('post', '/status/start')).toBe(started[lock] ?? refused);
    // What runs already is left alone; a hibernated guest would be started.
    expect(await outcome('post', '/status/resume')).toBe(lock === 'suspended' ? 'VM 150 already running' : 'OK');
    expect(await outcome('post', '/status/suspend')).toBe(lock === 'backup' ? 'OK' : refused);
    expect(here().run?.qmpStatus).toBe(lock === 'backup' ? 'paused' : 'running');
    expect(await outcome('post', '/status/suspend', { todisk: 1 })).toBe(
      lock === 'backup' ? 'cannot suspend to disk during backup' : refused,
    );
    here().run = undefined;
  });
});

describe('a delete', () => {
  beforeEach(() => {
    here().run = undefined;
  });

  test.each(LOCKS.filter((lock) => lock !== 'suspended'))('is refused under %s', async (lock) => {
    here().config['lock'] = lock;
    expect(await outcome('del', '')).toBe(`VM is locked (${lock})`);
    expect(here().config['scsi0']).toBeDefined();
  });

  test('tolerates suspended, and takes the state along', async () => {
    delete here().config['lock'];
    await pve.task('post', `${guest}/status/start`);
    expect(await outcome('post', '/status/suspend', { todisk: 1 })).toBe('OK');
    expect(here().config['lock']).toBe('suspended');
    expect(await outcome('del', '')).toBe('OK');
    expect(Object.values(simulator.world.volumes).filter((volume) => volume.vmid === 150)).toEqual([]);
  });
});
