// By which uid the provider knows a VirtualMachine. A clone is older than its object: it is known by the uid of its VMClone.
import { createHash } from 'node:crypto';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { Owner } from '#domain/owner';
import type { KubeObject } from '#kube/object';
import type { Visit } from '../work/controller.ts';

/** At a VirtualMachine that was cloned: the uid of its VMClone. */
export const CLONE_UID = 'virtrigaud.io/clone-uid';

/** Namespace and name are part of it, so that an annotation says nothing of the clones of others. */
export function cloneOwner(namespace: string, name: string, cloneUid: string): Owner {
  const whose = createHash('sha256').update(`${namespace}/${name}`).digest('hex').slice(0, 16);
  return { namespace, name, uid: `clone/${cloneUid}/${whose}` };
}

/** Once a VM is there, or was asked for, its annotations no longer say whose it is. */
export function ownerOf(vm: { readonly metadata: KubeObject['metadata']; readonly status?: unknown }): Owner {
  const { namespace = '', name, uid } = vm.metadata;
  const { id, createRequested, ownerUID } = (vm.status ?? {}) as VirtualMachineStatus;
  if (ownerUID !== undefined) return { namespace, name, uid: ownerUID };
  const cloneUid = vm.metadata.annotations?.[CLONE_UID];
  const isBegun = (id ?? '') !== '' || createRequested === true;
  return cloneUid === undefined || isBegun ? { namespace, name, uid } : cloneOwner(namespace, name, cloneUid);
}

/** Whether the VM is older than its object. */
export function isClone({ object, status }: Visit): boolean {
  return ownerOf({ metadata: object.metadata, status: status.fields }).uid !== object.metadata.uid;
}
