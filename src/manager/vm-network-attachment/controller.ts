// VMNetworkAttachments: whether VirtualMachines can be on each, and how many are.
import { VM_NETWORK_ATTACHMENTS } from '#crd/resources';
import { normaliseNetworkAttachment } from '#crd/vm-network-attachment/normalise';
import { asUsersChange, type Named, usersOf } from '../used-by/users.ts';
import type { Controller, Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { DONE, type Outcome } from '../work/outcome.ts';

const named: Named = ({ networks = [] }) => networks.map(({ networkRef }) => networkRef);

export const vmNetworkAttachmentController: Controller = {
  resource: VM_NETWORK_ATTACHMENTS,
  concerns: [asUsersChange(VM_NETWORK_ATTACHMENTS, named)],
  phases: [judgeNetwork],
};

/** Whether there is such a bridge is for the Provider to say, at each VM. */
async function judgeNetwork(visit: Visit): Promise<Outcome> {
  const { fields } = visit.status;
  Object.assign(fields, { connectedVMs: usersOf(visit, named).length, ready: false, phase: 'Failed' });
  normaliseNetworkAttachment(manifestOf(visit.object));
  const message = 'VirtualMachines can be on it.';
  Object.assign(fields, { ready: true, phase: 'Ready', message });
  visit.status.setCondition('Ready', 'True', 'Valid', message);
  return await Promise.resolve(DONE);
}
