import type { ClusterData } from './cluster-data.ts';
import { debianTemplate, ISOS, LOCAL, LOCAL_LVM, nodeData, ubuntuTemplate } from './inventory.ts';

/** A single host `pve` in no cluster, with both templates. */
export const ONE_NODE: ClusterData = {
  name: undefined,
  pve: '9.1',
  nodes: [nodeData('pve', 0)],
  storages: [LOCAL, LOCAL_LVM],
  guests: [debianTemplate('pve'), ubuntuTemplate('pve')],
  containers: [],
  pools: ['virtrigaud'],
  isos: ISOS,
};
