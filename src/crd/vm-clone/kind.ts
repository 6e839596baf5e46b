import type { Kind } from '../kind.ts';
import { vmCloneSpec } from './spec.ts';
import { vmCloneStatus } from './status.ts';

export const vmCloneKind: Kind = {
  kind: 'VMClone',
  plural: 'vmclones',
  shortNames: ['vmclone'],
  about: 'A copy of a virtual machine, which becomes a VirtualMachine of its own. Deleting the VMClone leaves it.',
  spec: vmCloneSpec,
  status: vmCloneStatus,
  columns: [
    { name: 'Source', type: 'string', jsonPath: '.spec.sourceVMRef.name' },
    { name: 'Target', type: 'string', jsonPath: '.status.targetRef.name' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Clone Type', type: 'string', jsonPath: '.status.actualCloneType' },
    { name: 'Progress', type: 'integer', jsonPath: '.status.progress.overallPercentage' },
    { name: 'Source VM', type: 'string', jsonPath: '.spec.source.vmRef.name', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
};
