import type { Kind } from '../kind.ts';
import { virtualMachineSpec } from './spec.ts';
import { virtualMachineStatus } from './status.ts';

export const virtualMachineKind: Kind = {
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
  shortNames: ['vm'],
  about: 'A virtual machine: of which class and image, on which networks, running or not.',
  spec: virtualMachineSpec,
  status: virtualMachineStatus,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Power', type: 'string', jsonPath: '.status.powerState' },
    { name: 'Provider', type: 'string', jsonPath: '.spec.providerRef.name' },
    { name: 'Class', type: 'string', jsonPath: '.spec.classRef.name' },
    { name: 'Image', type: 'string', jsonPath: '.spec.imageRef.name' },
    { name: 'IPs', type: 'string', jsonPath: '.status.ips[*]' },
    { name: 'ID', type: 'string', jsonPath: '.status.id', priority: 1 },
    { name: 'Node', type: 'string', jsonPath: '.status.provider.node', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
};
