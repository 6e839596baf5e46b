import type { Kind } from '../kind.ts';
import { vmPlacementPolicySpec } from './spec.ts';
import { vmPlacementPolicyStatus } from './status.ts';

export const vmPlacementPolicyKind: Kind = {
  kind: 'VMPlacementPolicy',
  plural: 'vmplacementpolicies',
  shortNames: ['vmpp'],
  about: 'On which nodes of Proxmox VE virtual machines may be, and which of them never share one.',
  spec: vmPlacementPolicySpec,
  status: vmPlacementPolicyStatus,
  columns: [
    { name: 'Used By VMs', type: 'string', jsonPath: '.status.usedByVMs[*].name' },
    { name: 'Priority', type: 'integer', jsonPath: '.spec.priority' },
    { name: 'Successful', type: 'integer', jsonPath: '.status.placementStats.successfulPlacements' },
    { name: 'Failed', type: 'integer', jsonPath: '.status.placementStats.failedPlacements' },
  ],
};
