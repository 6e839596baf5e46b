import { VIRTUAL_MACHINES } from '#crd/resources';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { ObjectRef } from '#domain/object-ref';
import type { Cache } from '#kube/cache';
import type { KubeObject } from '#kube/object';
import { providerKey } from './at-provider.ts';

interface Reference {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** The Providers at which VirtualMachines wait for the image, or were made of it; each once, in a lasting order. */
export function providersThatWant(image: KubeObject, cache: Cache): ObjectRef[] {
  const found = cache
    .list(VIRTUAL_MACHINES)
    .filter((vm) => wants(vm, image))
    .flatMap(providerOf);
  const byKey = new Map(found.map((provider) => [providerKey(provider), provider]));
  return [...byKey.values()].toSorted((one, other) => (providerKey(one) < providerKey(other) ? -1 : 1));
}

/** Whether the VM is made of it, or is to be. */
export function wants(vm: KubeObject, { metadata: { name, namespace } }: KubeObject): boolean {
  const { imageRef } = partsOf(vm);
  return imageRef?.name === name && (imageRef.namespace ?? vm.metadata.namespace) === namespace;
}

function providerOf(vm: KubeObject): ObjectRef[] {
  const { providerRef } = partsOf(vm);
  if (providerRef?.name === undefined) return [];
  return [{ name: providerRef.name, namespace: providerRef.namespace ?? vm.metadata.namespace ?? '' }];
}

interface Parts {
  readonly imageRef?: Reference | undefined;
  readonly providerRef?: Reference | undefined;
}

function partsOf(vm: KubeObject): Parts {
  const { bound } = (vm['status'] ?? {}) as VirtualMachineStatus;
  return { ...bound, ...(vm['spec'] as Parts | undefined) };
}
