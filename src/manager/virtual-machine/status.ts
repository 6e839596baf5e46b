import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { Visit } from '../work/controller.ts';

/** The status as this visit leaves it: to be changed in place. */
export function statusOf({ status }: Visit): VirtualMachineStatus {
  return status.fields;
}

/** Whether the provider has told an id of it. */
export function isMade(visit: Visit): boolean {
  return (statusOf(visit).id ?? '') !== '';
}

/** `VM 100123`, or by the name of the object where it has no id yet. */
export function vmTitle(visit: Visit): string {
  return `VM ${isMade(visit) ? statusOf(visit).id : visit.object.metadata.name}`;
}
