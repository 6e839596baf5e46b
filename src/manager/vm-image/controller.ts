// VMImages: what has to be fetched is a template wherever VirtualMachines want it.
import { PROVIDERS, VIRTUAL_MACHINES, VM_IMAGES } from '#crd/resources';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { Cache } from '#kube/cache';
import { type KubeObject, keyOf, type ObjectKey } from '#kube/object';
import type { Controller } from '../work/controller.ts';
import { prepareImage } from './prepare-everywhere.ts';
import { providersThatWant } from './wanted.ts';

export const vmImageController: Controller = {
  resource: VM_IMAGES,
  concerns: [
    { resource: VIRTUAL_MACHINES, whom: imageOf },
    { resource: PROVIDERS, matters: (next, previous) => isReady(next) !== isReady(previous), whom: imagesAt },
  ],
  phases: [prepareImage],
};

function imageOf(vm: KubeObject): ObjectKey[] {
  const { bound } = (vm['status'] ?? {}) as VirtualMachineStatus;
  const { imageRef = bound?.imageRef } = (vm['spec'] ?? {}) as { imageRef?: { name: string; namespace?: string } };
  return imageRef === undefined
    ? []
    : [{ name: imageRef.name, namespace: imageRef.namespace ?? vm.metadata.namespace }];
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
