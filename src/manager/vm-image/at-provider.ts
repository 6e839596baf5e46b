import type { VmImageStatus } from '#crd/vm-image/status';
import type { ObjectRef } from '#domain/object-ref';
import type { KubeObject } from '#kube/object';
import { isSamePlace } from '../providers/place.ts';
import type { World } from '../work/controller.ts';

export type AtProvider = NonNullable<VmImageStatus['providerStatus']>[string];

/** As `status.providerStatus` and `status.availableOn` name a Provider. */
export function providerKey({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

/**
 * How an image is at a Provider, as its status tells. What is told of an earlier spec says nothing, nor what is told of
 * another PVE, where the id is anybody's.
 */
export function imageAt({ providers }: World, image: KubeObject, provider: ObjectRef): AtProvider {
  const { providerStatus = {}, observedGeneration } = (image['status'] ?? {}) as VmImageStatus;
  const known = providerStatus[providerKey(provider)];
  const isNow = observedGeneration === image.metadata.generation;
  return known !== undefined && isNow && isOfPlace(known, providers.endpointOf(provider))
    ? known
    : { available: false };
}

/** As long as it is not known where the Provider is, nothing is said of it. */
export function isOfPlace({ endpoint }: AtProvider, place: string | undefined): boolean {
  return isSamePlace(endpoint, place);
}
