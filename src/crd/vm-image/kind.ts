import type { Kind } from '../kind.ts';
import { vmImageSpec } from './spec.ts';
import { vmImageStatus } from './status.ts';

export const vmImageKind: Kind = {
  kind: 'VMImage',
  plural: 'vmimages',
  shortNames: ['vmimg'],
  about:
    'What the boot disk of a virtual machine is made of: a template, an ISO, a disk image, or one that is fetched.',
  spec: vmImageSpec,
  status: vmImageStatus,
  columns: [
    { name: 'Ready', type: 'boolean', jsonPath: '.status.ready' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Size', type: 'string', jsonPath: '.status.size' },
    { name: 'Providers', type: 'string', jsonPath: '.status.availableOn[*]' },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
};
