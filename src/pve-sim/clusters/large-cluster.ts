// A cluster of any size, for load: nodes with local and shared storage, templates, and guests spread evenly over the nodes.
import { GIB } from '../world/size.ts';
import type { ClusterData, GuestData } from './cluster-data.ts';
import { debianTemplate, ISOS, LOCAL, LOCAL_LVM, nodeData, SHARED_NFS, ubuntuTemplate } from './inventory.ts';

const FIRST_VMID = 10_000;
/** Of ten guests so many run. */
const RUNNING_OF_TEN = 7;

/** @param size guests come on top of the two templates */
export function largeCluster(size: { readonly nodes: number; readonly guests: number }): ClusterData {
  const names = Array.from({ length: size.nodes }, (_, index) => `pve${index + 1}`);
  const nodeOf = (index: number): string => names[index % names.length] ?? 'pve1';
  return {
    name: 'large',
    pve: '9.1',
    nodes: names.map(nodeData),
    storages: [LOCAL, LOCAL_LVM, SHARED_NFS],
    guests: [
      debianTemplate(nodeOf(0)),
      ubuntuTemplate(nodeOf(1)),
      ...Array.from({ length: size.guests }, (_, index) => ordinaryGuest(FIRST_VMID + index, nodeOf(index), index)),
    ],
    containers: [],
    pools: ['virtrigaud'],
    isos: ISOS,
    macPrefix: 'BC:24:11',
  };
}

function ordinaryGuest(vmid: number, node: string, index: number): GuestData {
  return {
    vmid,
    node,
    template: false,
    running: index % 10 < RUNNING_OF_TEN,
    config: {
      agent: '1',
      boot: 'order=scsi0;net0',
      cores: '2',
      memory: '2048',
      name: `vm-${vmid}`,
      net0: 'virtio,bridge=vmbr0',
      ostype: 'l26',
      scsihw: 'virtio-scsi-single',
      tags: `load;shard-${index % 16}`,
    },
    disks: [{ key: 'scsi0', storage: 'local-lvm', kind: 'disk', sizeBytes: 16 * GIB }],
  };
}
