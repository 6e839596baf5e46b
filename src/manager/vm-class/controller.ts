// VMClasses: whether each can be used, and by how many VirtualMachines it is.
import { VM_CLASSES } from '#crd/resources';
import { normaliseClass } from '#crd/vm-class/normalise';
import { asUsersChange, type Named, usersOf } from '../used-by/users.ts';
import type { Controller, Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { DONE, type Outcome } from '../work/outcome.ts';

const named: Named = ({ classRef }) => [classRef];

export const vmClassController: Controller = {
  resource: VM_CLASSES,
  concerns: [asUsersChange(VM_CLASSES, named)],
  phases: [judgeClass],
};

async function judgeClass(visit: Visit): Promise<Outcome> {
  visit.status.fields['usedByVMs'] = usersOf(visit, named).length;
  normaliseClass(manifestOf(visit.object));
  visit.status.setCondition('Ready', 'True', 'Valid', 'VirtualMachines can be of this class.');
  return await Promise.resolve(DONE);
}
