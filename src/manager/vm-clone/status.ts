import type { VmCloneStatus } from '#crd/vm-clone/status';
import type { ObjectRef } from '#domain/object-ref';
import type { Owner } from '#domain/owner';
import { cloneOwner } from '../virtual-machine/owner.ts';
import type { Visit } from '../work/controller.ts';

/** The status as this visit leaves it: to be changed in place. */
export function statusOf({ status }: Visit): VmCloneStatus {
  return status.fields;
}

/** Whether the provider may have been asked for it. */
export function isBegun(visit: Visit): boolean {
  return statusOf(visit).startTime !== undefined;
}

/** Whether its VirtualMachine is there: from then on the VM is that one's. */
export function isDone(visit: Visit): boolean {
  return statusOf(visit).completionTime !== undefined;
}

export function isCopied(visit: Visit): boolean {
  return (statusOf(visit).targetVMID ?? '') !== '';
}

/** As it was called when the copy began. */
export function targetName(visit: Visit): string {
  return statusOf(visit).targetRef?.name ?? '';
}

/** By whom the provider knows the copy. */
export function ownerOfCopy(visit: Visit): Owner {
  const { namespace = '', uid } = visit.object.metadata;
  return cloneOwner(namespace, targetName(visit), uid);
}

/** The Provider that copies; undefined before it is asked. */
export function boundProvider(visit: Visit): ObjectRef | undefined {
  const { providerRef } = statusOf(visit).bound ?? {};
  if (providerRef === undefined) return undefined;
  return { name: providerRef.name, namespace: providerRef.namespace ?? visit.object.metadata.namespace ?? '' };
}

export function nowText({ world }: Visit): string {
  return `${new Date(world.clock.realNow()).toISOString().slice(0, 19)}Z`;
}
