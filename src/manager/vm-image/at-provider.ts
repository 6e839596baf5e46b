import type { VmImageStatus } from '#crd/vm-image/status';
import type { ObjectRef } from '#domain/object-ref';
import type { KubeObject } from '#kube/object';

export type AtProvider = NonNullable<VmImageStatus['providerStatus']>[string];

/** As `status.providerStatus` and `status.availableOn` name a Provider. */
export function providerKey({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

/** How an image is at a Provider, as its status tells. What is told of an earlier spec says nothing. */
export function imageAt(image: KubeObject, provider: ObjectRef): AtProvider {
  const { providerStatus = {}, observedGeneration } = (image['status'] ?? {}) as VmImageStatus;
  const known = providerStatus[providerKey(provider)];
  return known === undefined || observedGeneration !== image.metadata.generation ? { available: false } : known;
}
