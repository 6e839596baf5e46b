// A cluster with something of everything that a VM can be made from, on storages of every type.
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import type { ClusterData, DiskData, GuestData } from '#pve-sim/clusters/cluster-data';
import { GIB, MIB } from '#pve-sim/world/size';
import { asUpid } from '#pve/ids';
import { requireSuccess, waitForTask } from '#pve/tasks';
import { deadlineIn } from '#runtime/deadline';
import type { Flow } from './flow.ts';
import { placeImport, qcow2 } from './images.ts';

const storage = (
  id: string,
  type: 'zfspool' | 'lvm' | 'rbd' | 'dir',
  more: Partial<(typeof THREE_NODE.storages)[number]> = {},
): (typeof THREE_NODE.storages)[number] => ({
  id,
  type,
  shared: false,
  content: ['images'],
  totalBytes: 1024 * GIB,
  bytesPerSecond: 5 * GIB,
  defaultFormat: 'raw',
  ...more,
});

const disk = (key: string, on: string, sizeBytes = 4 * GIB): DiskData => ({
  key,
  storage: on,
  kind: 'disk',
  sizeBytes,
});

function guest(vmid: number, node: string, name: string, disks: readonly DiskData[], more: Partial<GuestData> = {}) {
  const config = {
    boot: 'order=scsi0;net0',
    cores: '1',
    memory: '1024',
    name,
    net0: 'virtio,bridge=vmbr0',
    ostype: 'l26',
  };
  return { vmid, node, template: false, config, disks, ...more };
}

const TEMPLATE = { template: true } as const;
const cloudDrive = (on: string): DiskData => ({
  key: 'ide2',
  storage: on,
  kind: 'cloudinit',
  sizeBytes: 4 * MIB,
  options: { media: 'cdrom' },
});

/** A template with UEFI whose variables have no keys, an empty disk besides, and no agent. */
export const UEFI_TEMPLATE: GuestData = {
  vmid: 9010,
  node: 'pve2',
  template: true,
  config: { name: 'uefi-template', bios: 'ovmf', machine: 'q35', ostype: 'l26', boot: 'order=scsi0', memory: '2048' },
  disks: [
    { ...disk('efidisk0', 'local-lvm', 4 * MIB), options: { efitype: '4m' } },
    disk('scsi0', 'local-lvm', 8 * GIB),
    disk('scsi4', 'local-lvm', 1 * GIB),
  ],
};

export const SOURCES: ClusterData = {
  ...THREE_NODE,
  storages: [
    ...THREE_NODE.storages,
    storage('zfs', 'zfspool'),
    storage('thick', 'lvm'),
    storage('files', 'dir', { path: '/srv/files' }),
    storage('ceph', 'rbd', { shared: true }),
  ],
  guests: [
    ...THREE_NODE.guests,
    guest(9100, 'pve2', 'shared-template', [cloudDrive('ceph'), disk('scsi0', 'ceph')], TEMPLATE),
    guest(9101, 'pve2', 'half-shared-template', [cloudDrive('local-lvm'), disk('scsi0', 'ceph')], TEMPLATE),
    guest(9102, 'pve2', 'thick-template', [disk('scsi0', 'thick')], TEMPLATE),
    guest(9103, 'pve2', 'zfs-template', [disk('scsi0', 'zfs')], TEMPLATE),
    guest(9104, 'pve2', 'file-template', [disk('scsi0', 'files')], TEMPLATE),
    guest(9105, 'pve2', 'with-unused', [disk('scsi0', 'ceph'), disk('unused0', 'local-lvm')], TEMPLATE),
    guest(9106, 'pve2', 'twin', [disk('scsi0', 'local-lvm')], TEMPLATE),
    guest(9107, 'pve3', 'twin', [disk('scsi0', 'local-lvm')], TEMPLATE),
    guest(110, 'pve1', 'on-zfs', [disk('scsi0', 'zfs')]),
    guest(111, 'pve1', 'on-ceph', [disk('scsi0', 'ceph')]),
    guest(112, 'pve1', 'with-tpm', [disk('scsi0', 'local-lvm'), disk('tpmstate0', 'local-lvm', 4 * MIB)], {
      running: true,
    }),
    guest(113, 'pve1', 'busy', [disk('scsi0', 'local-lvm')], { running: true }),
  ],
};

export const GOLDEN = 'golden';
export const IMPORT = 'local:import/disk.qcow2';

/** Snapshots of 100, 110 and 111, and an image to import on two of the nodes. */
export async function prepareSources({ sim, pve }: Flow): Promise<void> {
  for (const vmid of [100, 110, 111]) {
    const node = sim.world.guests[vmid]?.node ?? '';
    const call = deadlineIn(60_000);
    const upid = await pve.post(`/nodes/${node}/qemu/${vmid}/snapshot`, call, { snapname: GOLDEN });
    requireSuccess(await waitForTask(pve, asUpid(String(upid)) ?? raise(), call));
  }
  for (const node of ['pve2', 'pve3']) placeImport(sim, node, IMPORT, qcow2(4 * GIB), 'qcow2');
}

function raise(): never {
  throw new Error('no task');
}
