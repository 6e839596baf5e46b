// A cluster in the middle of its upgrade: each node answers as its own version does, whoever was asked (pve-behaviour 2).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient } from './pve-client.ts';

let simulator: Simulator;
/** Speaks to pve1, which is the newest. */
let pve: PveClient;
/** Speaks to pve2, which is the oldest. */
let old: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ timeScale: 20, profile: { pve1: '9.1', pve2: '7.4', pve3: '8.4' } });
  pve = pveClient(simulator, { token: simulator.rootToken });
  old = pveClient(simulator, { token: simulator.rootToken, node: 'pve2' });
});

afterAll(async () => {
  await pve.close();
  await old.close();
  await simulator.stop();
});

test('each node tells its own version, also through another', async () => {
  expect(objectOf(await pve.get('/version'))).toMatchObject({ release: '9.1' });
  expect(objectOf(await old.get('/version'))).toMatchObject({ release: '7.4' });
  expect(objectOf(await pve.get('/nodes/pve2/version'))).toMatchObject({ release: '7.4' });
  expect(objectOf(await old.get('/nodes/pve3/version'))).toMatchObject({ release: '8.4' });
});

test('parameters are those of the node that does the work', async () => {
  const guest = '/nodes/pve2/qemu/9001/config';
  expect((await pve.put(guest, { ciupgrade: 1 })).errors).toHaveProperty('ciupgrade');
  expect((await old.put('/nodes/pve3/qemu/100/config', { ciupgrade: 1 })).status).toBe(200);
});

test('so is what a call gives back', async () => {
  // On PVE 7 a resize is done when the call returns, later it is a task; memory is a number there and text later.
  const stopped = { vmid: 300, memory: 64, scsi0: 'local-lvm:1' };
  expect(await pve.task('post', '/nodes/pve2/qemu', stopped)).toBe('OK');
  expect(await pve.put('/nodes/pve2/qemu/300/resize', { disk: 'scsi0', size: '+1G' })).toMatchObject({ data: null });
  expect(simulator.world.guests[300]?.config['scsi0']).toContain('size=2G');
  expect(objectOf(await pve.get('/nodes/pve2/qemu/300/config'))['memory']).toBe(64);

  expect(await old.task('post', '/nodes/pve3/qemu', { ...stopped, vmid: 301 })).toBe('OK');
  expect(await old.task('put', '/nodes/pve3/qemu/301/resize', { disk: 'scsi0', size: '+1G' })).toBe('OK');
  expect(objectOf(await old.get('/nodes/pve3/qemu/301/config'))['memory']).toBe('64');
});

test('a refusal is passed on as the node wrote it: with its text in the body, or on older ones in the phrase alone', async () => {
  const fromNew = await old.get('/nodes/pve3/qemu/999/config');
  expect(fromNew.reason).toContain('does not exist');
  expect(fromNew.text).toContain('does not exist');
  const fromOld = await pve.get('/nodes/pve2/qemu/999/config');
  expect(fromOld.reason).toContain('does not exist');
  expect(fromOld.text).not.toContain('does not exist');
});
