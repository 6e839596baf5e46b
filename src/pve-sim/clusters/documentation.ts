import type { ClusterData } from './cluster-data.ts';
import { ISOS, LOCAL, LOCAL_LVM, debianTemplate, nodeData, SHARED_NFS, ubuntuTemplate } from './inventory.ts';

/** The nodes and storages that VirtRigaud's documentation of the provider names, with the template it makes VMs of. */
export const DOCUMENTATION: ClusterData = {
  name: 'docs',
  pve: '9.1',
  nodes: ['pve-node-1', 'pve-node-2', 'pve-1', 'pve-2', 'pve-3'].map(nodeData),
  storages: [
    LOCAL,
    LOCAL_LVM,
    SHARED_NFS,
    { ...LOCAL_LVM, id: 'nvme-storage', type: 'zfspool' },
    { ...LOCAL_LVM, id: 'ssd-storage', type: 'dir', path: '/srv/ssd' },
  ],
  guests: [debianTemplate('pve-1'), ubuntuTemplate('pve-node-1')],
  containers: [],
  pools: ['virtrigaud'],
  isos: ISOS,
};
