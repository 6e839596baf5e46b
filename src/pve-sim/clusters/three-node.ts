import { GIB } from '../world/size.ts';
import type { ClusterData } from './cluster-data.ts';
import { debianTemplate, ISOS, LOCAL, LOCAL_LVM, nodeData, SHARED_NFS, ubuntuTemplate } from './inventory.ts';

/** Three quorate nodes with local and shared storage; the templates are not all on the first one. */
export const THREE_NODE: ClusterData = {
  name: 'sim',
  pve: '9.1',
  nodes: ['pve1', 'pve2', 'pve3'].map(nodeData),
  storages: [LOCAL, LOCAL_LVM, SHARED_NFS],
  guests: [
    debianTemplate('pve1'),
    ubuntuTemplate('pve2'),
    {
      vmid: 100,
      node: 'pve3',
      template: false,
      config: {
        boot: 'order=scsi0;net0',
        cores: '1',
        memory: '1024',
        name: 'legacy-app',
        net0: 'virtio,bridge=vmbr1',
        ostype: 'l26',
      },
      disks: [{ key: 'scsi0', storage: 'local-lvm', kind: 'disk', sizeBytes: 16 * GIB }],
      behaviour: { agent: 'silent' },
    },
  ],
  containers: [{ vmid: 101, node: 'pve3', hostname: 'dns-ct' }],
  pools: ['virtrigaud'],
  isos: ISOS,
};
