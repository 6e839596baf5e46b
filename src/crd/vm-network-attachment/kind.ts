import type { Kind } from '../kind.ts';
import { vmNetworkAttachmentSpec } from './spec.ts';
import { vmNetworkAttachmentStatus } from './status.ts';

export const vmNetworkAttachmentKind: Kind = {
  kind: 'VMNetworkAttachment',
  plural: 'vmnetworkattachments',
  shortNames: ['vmnet'],
  about: 'A network that VirtualMachines refer to: its bridge, VLAN and card, and how addresses are given there.',
  spec: vmNetworkAttachmentSpec,
  status: vmNetworkAttachmentStatus,
  columns: [
    { name: 'Ready', type: 'boolean', jsonPath: '.status.ready' },
    { name: 'Type', type: 'string', jsonPath: '.spec.network.type' },
    { name: 'Bridge', type: 'string', jsonPath: '.spec.network.proxmox.bridge' },
    { name: 'VLAN', type: 'integer', jsonPath: '.spec.network.proxmox.vlanTag' },
    { name: 'Connected VMs', type: 'integer', jsonPath: '.status.connectedVMs' },
    { name: 'Providers', type: 'string', jsonPath: '.status.availableOn[*]', priority: 1 },
  ],
};
