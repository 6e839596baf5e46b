import type { Kind } from '../kind.ts';
import { providerSpec } from './spec.ts';
import { providerStatus } from './status.ts';

export const providerKind: Kind = {
  kind: 'Provider',
  plural: 'providers',
  shortNames: ['prov'],
  about: 'A Proxmox VE cluster: where its API is, with which credentials, and how the process that talks to it runs.',
  spec: providerSpec,
  status: providerStatus,
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type' },
    { name: 'Endpoint', type: 'string', jsonPath: '.spec.endpoint' },
    { name: 'Healthy', type: 'boolean', jsonPath: '.status.healthy' },
    { name: 'Connected VMs', type: 'integer', jsonPath: '.status.connectedVMs' },
    { name: 'Version', type: 'string', jsonPath: '.status.version', priority: 1 },
  ],
};
