// One node with a storage of every type that takes disks of VMs, and on each of them what VMs can be made from: a template,
// and an ordinary VM with a snapshot where the storage can take one. An ISO and an image to import lie beside them.
import { nodeData } from '#pve-sim/clusters/inventory';
import type { ClusterData, GuestData } from '#pve-sim/clusters/cluster-data';
import { GIB, MIB } from '#pve-sim/world/size';
import type { StorageType } from '#pve-sim/world/world';
import { requireSuccess, settle } from '#pve/tasks';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from './flow.ts';

export interface ZooStorage {
  readonly id: string;
  readonly type: StorageType;
  readonly shared: boolean;
  /** Of a disk for which nobody names a format. */
  readonly format: 'raw' | 'qcow2';
}

export const ZOO_STORAGES: readonly ZooStorage[] = [
  { id: 'dir-raw', type: 'dir', shared: false, format: 'raw' },
  { id: 'dir-qcow2', type: 'dir', shared: false, format: 'qcow2' },
  { id: 'nfs', type: 'nfs', shared: true, format: 'qcow2' },
  { id: 'lvm', type: 'lvm', shared: false, format: 'raw' },
  { id: 'lvmthin', type: 'lvmthin', shared: false, format: 'raw' },
  { id: 'zfs', type: 'zfspool', shared: false, format: 'raw' },
  { id: 'rbd', type: 'rbd', shared: true, format: 'raw' },
  { id: 'btrfs', type: 'btrfs', shared: false, format: 'raw' },
];

/** VMIDs of what lies on a storage. */
export function zooGuests(storage: ZooStorage): { readonly template: number; readonly ordinary: number } {
  const index = ZOO_STORAGES.indexOf(storage);
  return { template: 9000 + index, ordinary: 9100 + index };
}

export const ZOO_SNAPSHOT = 'gold';
export const ZOO_ISO = 'files:iso/debian-12.iso';
export const ZOO_IMPORT = 'files:import/cloud.qcow2';
/** Of every disk that something is made from. */
export const ZOO_DISK_GIB = 8;

const OPTIONS = {
  agent: '1',
  boot: 'order=scsi0;net0',
  cores: '2',
  memory: '2048',
  net0: 'virtio,bridge=vmbr0',
  ostype: 'l26',
  scsihw: 'virtio-scsi-single',
};

function guest(vmid: number, template: boolean, name: string, storage: string): GuestData {
  const disks = [{ key: 'scsi0', storage, kind: 'disk' as const, sizeBytes: ZOO_DISK_GIB * GIB }];
  return { vmid, node: 'pve', template, config: { ...OPTIONS, name }, disks };
}

const ZOO: ClusterData = {
  name: 'zoo',
  pve: '9.1',
  nodes: [nodeData('pve', 0)],
  storages: [
    ...ZOO_STORAGES.map(({ id, type, shared, format }) => ({
      id,
      type,
      shared,
      content: ['images'],
      ...(['dir', 'nfs', 'btrfs'].includes(type) ? { path: `/mnt/${id}` } : {}),
      totalBytes: 1_000_000 * GIB,
      bytesPerSecond: 1000 * GIB,
      defaultFormat: format,
    })),
    {
      id: 'files',
      type: 'dir',
      shared: false,
      content: ['iso', 'import'],
      path: '/var/lib/vz',
      totalBytes: 1000 * GIB,
      bytesPerSecond: 1000 * GIB,
      defaultFormat: 'raw',
    },
  ],
  guests: ZOO_STORAGES.flatMap((storage) => {
    const { template, ordinary } = zooGuests(storage);
    return [
      guest(template, true, `template-${storage.id}`, storage.id),
      guest(ordinary, false, `ordinary-${storage.id}`, storage.id),
    ];
  }),
  containers: [],
  pools: [],
  isos: [{ storage: 'files', name: 'debian-12.iso', sizeBytes: 650 * MIB }],
};

/** Whether the disks of the storage can have snapshots at all (pve-behaviour 8.4). */
export function takesSnapshots({ type, format }: ZooStorage): boolean {
  return type === 'lvm' ? false : format === 'qcow2' || !['dir', 'nfs'].includes(type);
}

/** The zoo in a version of PVE, with snapshots taken and the image uploaded. */
export async function startZoo(profile: string): Promise<Flow> {
  const flow = await startFlow({ simulator: { cluster: ZOO, profile, timeScale: 100 } });
  for (const storage of ZOO_STORAGES.filter(takesSnapshots)) {
    const path = `/nodes/pve/qemu/${zooGuests(storage).ordinary}/snapshot`;
    const call = deadlineIn(60_000);
    requireSuccess(await settle(flow.pve, await flow.pve.post(path, call, { snapname: ZOO_SNAPSHOT }), call));
  }
  placeImport(flow);
  return flow;
}

/** As if somebody had downloaded a cloud image. */
function placeImport({ sim }: Flow): void {
  sim.world.volumes[`pve/${ZOO_IMPORT}`] = {
    volid: ZOO_IMPORT,
    storage: 'files',
    node: 'pve',
    content: 'import',
    format: 'qcow2',
    ctime: 0,
    sizeBytes: ZOO_DISK_GIB * GIB,
  };
}
