// The pieces that clusters are made of.
import { GIB, MIB } from '../world/size.ts';
import type { Bridge, StorageState } from '../world/world.ts';
import type { GuestData, NodeData } from './cluster-data.ts';

const BRIDGES: readonly Bridge[] = [
  { iface: 'vmbr0', vlanAware: true, ports: 'eno1', cidr: '192.0.2.11/24' },
  { iface: 'vmbr1', vlanAware: false, ports: 'eno2' },
  { iface: 'vmbr2', vlanAware: false, ports: '' },
];

export function nodeData(name: string, index: number): NodeData {
  return { name, ip: `192.0.2.${11 + index}`, cpus: 32, memoryBytes: 128 * GIB, bridges: BRIDGES };
}

export const LOCAL: Omit<StorageState, 'disabled'> = {
  id: 'local',
  type: 'dir',
  shared: false,
  content: ['backup', 'import', 'iso', 'vztmpl'],
  path: '/var/lib/vz',
  totalBytes: 200 * GIB,
  bytesPerSecond: 1 * GIB,
  defaultFormat: 'raw',
};

export const LOCAL_LVM: Omit<StorageState, 'disabled'> = {
  id: 'local-lvm',
  type: 'lvmthin',
  shared: false,
  content: ['images', 'rootdir'],
  totalBytes: 4096 * GIB,
  bytesPerSecond: 5 * GIB,
  defaultFormat: 'raw',
};

export const SHARED_NFS: Omit<StorageState, 'disabled'> = {
  id: 'shared',
  type: 'nfs',
  shared: true,
  content: ['images', 'iso'],
  path: '/mnt/pve/shared',
  totalBytes: 8192 * GIB,
  bytesPerSecond: 1 * GIB,
  defaultFormat: 'raw',
};

const TEMPLATE_OPTIONS = {
  agent: '1',
  boot: 'order=scsi0;ide2;net0',
  cores: '2',
  cpu: 'x86-64-v2-AES',
  memory: '2048',
  net0: 'virtio,bridge=vmbr0',
  ostype: 'l26',
  scsihw: 'virtio-scsi-single',
  sockets: '1',
} as const;

export function debianTemplate(node: string): GuestData {
  return {
    vmid: 9000,
    node,
    template: true,
    config: { ...TEMPLATE_OPTIONS, name: 'debian-12-template' },
    disks: cloudDisks(10 * GIB),
  };
}

export function ubuntuTemplate(node: string): GuestData {
  const description = 'Ubuntu 22.04 cloud image, agent installed.\nDo not start; clone it.';
  return {
    vmid: 9001,
    node,
    template: true,
    config: {
      ...TEMPLATE_OPTIONS,
      name: 'ubuntu-22-template',
      tags: 'template;ubuntu',
      serial0: 'socket',
      description,
    },
    disks: cloudDisks(8 * GIB),
  };
}

function cloudDisks(sizeBytes: number): GuestData['disks'] {
  return [
    { key: 'ide2', storage: 'local-lvm', kind: 'cloudinit', sizeBytes: 4 * MIB, options: { media: 'cdrom' } },
    { key: 'scsi0', storage: 'local-lvm', kind: 'disk', sizeBytes, options: { discard: 'on', iothread: '1' } },
  ];
}

export const ISOS = [{ storage: 'local', name: 'debian-12.iso', sizeBytes: 650 * MIB }];
