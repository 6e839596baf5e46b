// VMImages: what has to be fetched is a template wherever VirtualMachines want it.
import { PROVIDERS, VIRTUAL_MACHINES, VM_IMAGES } from '#crd/resources';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import { normaliseImage } from '#crd/vm-image/normalise';
import { Fault } from '#domain/fault';
import type { Cache } from '#kube/cache';
import { type KubeObject, keyOf, type ObjectKey } from '#kube/object';
import type { Controller } from '../work/controller.ts';
import { deleteTemplates, stayWhileUsed } from './delete.ts';
import { prepareImage } from './prepare-everywhere.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { tellDeleting } from '../work/tell-deleting.ts';
import { providersThatWant } from './wanted.ts';

export const vmImageController: Controller = {
  resource: VM_IMAGES,
  concerns: [
    { resource: VIRTUAL_MACHINES, whom: imagesOf },
    { resource: PROVIDERS, matters: (next, previous) => isReady(next) !== isReady(previous), whom: imagesAt },
  ],
  finalizer: 'image.infra.virtrigaud.io/finalizer',
  isHeld: isFetched,
  phases: [prepareImage],
  deletion: [stayWhileUsed, tellDeleting(), deleteTemplates],
};

/** What is merely named is not ours to delete. */
function isFetched(image: KubeObject): boolean {
  try {
    return normaliseImage(manifestOf(image)).kind === 'fetched';
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** What it is to be made of, and what it was made of. */
function imagesOf(vm: KubeObject): ObjectKey[] {
  const { bound } = (vm['status'] ?? {}) as VirtualMachineStatus;
  const { imageRef } = (vm['spec'] ?? {}) as { imageRef?: { name: string; namespace?: string } };
  const { namespace } = vm.metadata;
  return [imageRef, bound?.imageRef].flatMap((ref) => (ref === undefined ? [] : [{ namespace, ...ref }]));
}

function imagesAt({ metadata }: KubeObject, cache: Cache): ObjectKey[] {
  const isHere = ({ name, namespace }: ObjectKey): boolean =>
    name === metadata.name && namespace === metadata.namespace;
  return cache
    .list(VM_IMAGES)
    .filter((image) => providersThatWant(image, cache).some(isHere))
    .map(keyOf);
}

function isReady(provider: KubeObject | undefined): boolean {
  const { conditions = [] } = (provider?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
