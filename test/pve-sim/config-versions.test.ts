// How changing a config and growing a disk differ between versions (pve-behaviour 22, 27.1, 28.2).
import { afterEach, expect, test } from 'vitest';
import { writeSnippet } from '#pve-sim/cloudinit/snippets';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;
const node = '/nodes/pve';
const guest = `${node}/qemu/100`;

async function play(profile: string): Promise<void> {
  simulator = await startSimulator({ cluster: 'one-node', profile, timeScale: 100 });
  pve = pveClient(simulator);
  expect(await pve.task('post', `${node}/qemu`, { vmid: 100, scsi0: 'local-lvm:1' })).toBe('OK');
}

afterEach(async () => {
  await pve.close();
  await simulator.stop();
});

const busy = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";

test.each([
  ['9.1', 500],
  ['9.2', 200],
])('in %s a POST that waits too long for the lock answers %i', async (profile, status) => {
  await play(profile);
  const release = await simulator.holdLock('vm:100', 60_000);
  const reply = await pve.post(`${guest}/config`, { cores: 2 });
  expect(reply.status).toBe(status);
  if (status === 200) expect(await pve.exitOf(reply.data)).toBe(busy);
  else expect(reply.reason).toBe(busy);
  release?.();
});

test.each(['8.4', '9.2'])('in %s of several writers with one digest one wins', async (profile) => {
  await play(profile);
  const { digest } = objectOf(await pve.get(`${guest}/config`));
  const attempt = async (cores: number): Promise<string> => {
    const reply = await pve.post(`${guest}/config`, { cores, digest: String(digest) });
    return reply.status === 200 ? await pve.exitOf(reply.data) : reply.reason;
  };
  const outcomes = await Promise.all([2, 3, 4, 5].map(attempt));
  expect(outcomes.toSorted()).toEqual([
    'OK',
    ...Array.from({ length: 3 }, () => 'checksum mismatch (file change by other user?)'),
  ]);
});

test('before 9.2 the worker inherits the lock of the call', async () => {
  await play('9.1');
  const { data } = await pve.post(`${guest}/config`, { scsi1: 'local-lvm:1' });
  const started = pve.task('post', `${guest}/status/start`);
  expect(await pve.exitOf(data)).toBe('OK');
  expect(await started).toBe('OK');
  expect(simulator.world.guests[100]?.config['scsi1']).toBe('local-lvm:vm-100-disk-1,size=1G');
});

test('in 7.4 a resize is no task, and its errors are the answer', async () => {
  await play('7.4');
  const grown = await pve.put(`${guest}/resize`, { disk: 'scsi0', size: '+1G' });
  expect([grown.status, grown.data]).toEqual([200, null]);
  expect(simulator.world.guests[100]?.config['scsi0']).toBe('local-lvm:vm-100-disk-0,size=2G');
  expect((await pve.put(`${guest}/resize`, { disk: 'scsi0', size: '1G' })).reason).toBe(
    'shrinking disks is not supported',
  );
  const stale = await pve.put(`${guest}/config`, { cores: 2, digest: '0'.repeat(40) });
  expect(stale.reason).toBe('checksum missmatch (file change by other user?)');
});

test('a hookscript has to be there, and is root’s', async () => {
  await play('9.1');
  const set = async (): Promise<string> =>
    (await pve.put(`${guest}/config`, { hookscript: 'local:snippets/hook.sh' })).text;
  expect(await set()).toContain("script 'local:snippets/hook.sh' does not exist");
  writeSnippet(simulator.world, 'pve', 'local:snippets/hook.sh', '#!/bin/sh', 0);
  expect(await set()).toContain("only root can set 'hookscript' config");
});
