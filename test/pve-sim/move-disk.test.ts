// Moving disks between storages, formats and guests, and growing them (pve-behaviour 6.1, 15, 28.2).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type Params, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;
const path = (vmid: number): string => `/nodes/pve1/qemu/${vmid}`;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 100 });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

beforeEach(async () => {
  for (const vmid of [140, 141]) {
    if (simulator.world.guests[vmid] !== undefined) {
      await pve.task('post', `${path(vmid)}/status/stop`);
      await pve.task('del', path(vmid));
    }
    const disks = { scsi0: 'local-lvm:1', scsi1: 'shared:1,format=qcow2', ide2: 'local-lvm:cloudinit' };
    const options = { net0: 'virtio,bridge=vmbr0', ide0: 'none,media=cdrom' };
    expect(await pve.task('post', '/nodes/pve1/qemu', { vmid, ...disks, ...options })).toBe('OK');
  }
});

const config = async (vmid: number): Promise<Record<string, unknown>> =>
  objectOf(await pve.get(`${path(vmid)}/config`));
const move = async (params: Params): Promise<string> => await pve.task('post', `${path(140)}/move_disk`, params);
const refusal = async (params: Params): Promise<string> => (await pve.post(`${path(140)}/move_disk`, params)).reason;

async function volumes(vmid: number): Promise<unknown[]> {
  const storages = ['local-lvm', 'shared'];
  const lists = await Promise.all(
    storages.map(async (storage) => rowsOf(await pve.get(`/nodes/pve1/storage/${storage}/content`, { vmid }))),
  );
  return lists.flat().map(({ volid }) => volid);
}

describe('to another storage', () => {
  test('the source stays as unused, or is freed', async () => {
    expect(await move({ disk: 'scsi0', storage: 'shared' })).toBe('OK');
    expect(await config(140)).toMatchObject({
      scsi0: 'shared:140/vm-140-disk-1.raw,size=1G',
      unused0: 'local-lvm:vm-140-disk-0',
    });
    expect(await move({ disk: 'scsi0', storage: 'shared', format: 'qcow2', delete: 1 })).toBe('OK');
    expect(await config(140)).toMatchObject({ scsi0: 'shared:140/vm-140-disk-2.qcow2,size=1G' });
    expect(await move({ disk: 'unused0', storage: 'shared', delete: 1 })).toBe('OK');
    expect(await config(140)).toMatchObject({ unused0: 'shared:140/vm-140-disk-1.raw' });
  });

  test('a cloud-init drive goes along and leaves nothing behind', async () => {
    expect(await move({ disk: 'ide2', storage: 'shared' })).toBe('OK');
    expect(await config(140)).toMatchObject({ ide2: 'shared:140/vm-140-cloudinit.raw,media=cdrom,size=4M' });
    expect(await volumes(140)).not.toContain('local-lvm:vm-140-cloudinit');
  });

  test('works on a running guest, but for its TPM state', async () => {
    await pve.put(`${path(140)}/config`, { tpmstate0: 'local-lvm:1,version=v2.0' });
    await pve.task('post', `${path(140)}/status/start`);
    expect(await move({ disk: 'scsi0', storage: 'shared', delete: 1 })).toBe('OK');
    expect(await config(140)).toMatchObject({ scsi0: 'shared:140/vm-140-disk-1.raw,size=1G' });
    expect(await move({ disk: 'tpmstate0', storage: 'shared' })).toBe(
      'storage migration failed: cannot move TPM state while VM is running',
    );
  });

  test.each([
    [{ disk: 'scsi0', storage: 'local-lvm' }, "you can't move to the same storage with same format"],
    [{ disk: 'scsi9', storage: 'shared' }, "disk 'scsi9' does not exist"],
    [{ disk: 'ide0', storage: 'shared' }, "you can't move a cdrom"],
    [
      { disk: 'scsi0', storage: 'shared', digest: '0'.repeat(40) },
      'detected modified configuration - file changed by other user? Try again.',
    ],
  ])('%j is refused', async (params, expected) => {
    expect(await refusal(params)).toBe(expected);
  });

  test('what has a snapshot is moved without it, and its source is not freed', async () => {
    const guest = simulator.world.guests[140];
    if (guest === undefined) throw new Error('the guest is gone');
    guest.snapshots['one'] = { ...guest.config };
    expect(await refusal({ disk: 'scsi0', storage: 'shared', delete: 1 })).toBe(
      "you can't move a disk with snapshots and delete the source",
    );
    expect(await move({ disk: 'scsi0', storage: 'shared' })).toBe('OK');
    expect(await config(140)).toMatchObject({ unused0: 'local-lvm:vm-140-disk-0' });
    const kept = "unable to delete 'local-lvm:vm-140-disk-0' - volume is still in use (snapshot?)";
    expect((await pve.put(`${path(140)}/config`, { delete: 'unused0' })).reason).toBe(kept);
    guest.snapshots = {};
  });

  test('a failed copy leaves no volume', async () => {
    const upid = (await pve.post(`${path(140)}/move_disk`, { disk: 'scsi0', storage: 'shared', bwlimit: 1024 })).data;
    await pve.del(`/nodes/pve1/tasks/${String(upid)}`);
    expect(await pve.exitOf(upid)).toMatch(
      /^storage migration failed: (copy failed: .* failed: )?interrupted by signal$/,
    );
    expect(await volumes(140)).toEqual([
      'local-lvm:vm-140-cloudinit',
      'local-lvm:vm-140-disk-0',
      'shared:140/vm-140-disk-0.qcow2',
    ]);
  });
});

describe('to another guest', () => {
  test('the volume is renamed, and leaves config and boot order', async () => {
    const upid = (
      await pve.post(`${path(140)}/move_disk`, { disk: 'scsi0', 'target-vmid': 141, 'target-disk': 'scsi5' })
    ).data;
    expect(String(upid)).toContain(':qmmove:140-scsi0>141-scsi5:');
    expect(await pve.exitOf(upid)).toBe('OK');
    const source = await config(140);
    expect(source).not.toHaveProperty('scsi0');
    expect(source['boot']).toBe('order=ide0;net0');
    expect(await config(141)).toMatchObject({ scsi5: 'local-lvm:vm-141-disk-1,size=1G' });
    expect(await volumes(140)).not.toContain('local-lvm:vm-140-disk-0');
  });

  test.each([
    [{ disk: 'scsi1', 'target-vmid': 141 }, "Target disk key 'scsi1' is already in use for VM '141'"],
    [{ disk: 'scsi7', 'target-vmid': 141 }, "Disk 'scsi7' for VM '140' does not exist"],
    [{ disk: 'scsi1', 'target-vmid': 9999 }, 'could not find target VM 9999'],
    [{ disk: 'scsi1', 'target-vmid': 9000 }, "Can't move disks from or to template VMs"],
    [
      { disk: 'scsi1', 'target-vmid': 141, 'target-disk': 'scsi5', 'target-digest': '0'.repeat(40) },
      'VM 141: detected modified configuration - file changed by other user? Try again.',
    ],
    [{ disk: 'scsi1', 'target-vmid': 9001 }, "Both VMs need to be on the same node (pve1) but target VM is on 'pve2'."],
    [{ disk: 'ide0', 'target-vmid': 141, 'target-disk': 'scsi6' }, "CD drive contents can't be moved to another VM"],
  ])('%j is refused', async (params, expected) => {
    expect(await refusal(params)).toBe(expected);
  });

  test('not while the source runs, but what is unused', async () => {
    await pve.put(`${path(140)}/config`, { delete: 'scsi1' });
    await pve.task('post', `${path(140)}/status/start`);
    expect(await refusal({ disk: 'scsi0', 'target-vmid': 141, 'target-disk': 'scsi5' })).toBe(
      'Cannot move disk to another VM while the source VM is running - detach first',
    );
    expect(await move({ disk: 'unused0', 'target-vmid': 141, 'target-disk': 'unused3' })).toBe('OK');
    expect(await config(141)).toMatchObject({ unused3: 'shared:141/vm-141-disk-1.qcow2' });
  });
});

test.each([
  [{ disk: 'scsi0' }, "both 'storage' and 'target-vmid' missing, either needs to be set"],
  [{ disk: 'scsi0', storage: 'shared', 'target-vmid': 141 }, "either set 'storage' or 'target-vmid', but not both"],
])('%j is no move', async (params, text) => {
  const reply = await pve.post(`${path(140)}/move_disk`, params);
  expect([reply.status, reply.errors]).toEqual([400, { storage: text, 'target-vmid': text }]);
});
