import type { Kind } from '../kind.ts';
import { vmSnapshotSpec } from './spec.ts';
import { vmSnapshotStatus } from './status.ts';

export const vmSnapshotKind: Kind = {
  kind: 'VMSnapshot',
  plural: 'vmsnapshots',
  shortNames: ['vmsnap'],
  about: 'A snapshot of a virtual machine. Deleting the object deletes the snapshot.',
  spec: vmSnapshotSpec,
  status: vmSnapshotStatus,
  columns: [
    { name: 'VM', type: 'string', jsonPath: '.spec.vmRef.name' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Size', type: 'string', jsonPath: '.status.size' },
    { name: 'Created', type: 'date', jsonPath: '.status.creationTime' },
    { name: 'Expires', type: 'date', jsonPath: '.status.expiryTime', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
};
