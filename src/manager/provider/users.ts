// Who needs a Provider: VMs it has, and what is being made or deleted there.
import { VIRTUAL_MACHINES, VM_CLONES, VM_IMAGES } from '#crd/resources';
import type { ObjectRef } from '#domain/object-ref';
import type { Cache } from '#kube/cache';
import type { KubeObject } from '#kube/object';

type Reference = { readonly name?: string; readonly namespace?: string } | undefined;

/** Whether the object's `spec.providerRef` means it. */
function belongsTo(provider: ObjectRef): (object: KubeObject) => boolean {
  return (object) => {
    const spec = object['spec'] as { readonly providerRef?: Reference } | undefined;
    const { name, namespace = object.metadata.namespace } = spec?.providerRef ?? {};
    return name === provider.name && namespace === provider.namespace;
  };
}

export function vmsOf(provider: ObjectRef, cache: Cache): readonly KubeObject[] {
  return cache.list(VIRTUAL_MACHINES).filter(belongsTo(provider));
}

/** Those without whom it has to stay, each as `VirtualMachine default/web-server`. */
export function usersOf(provider: ObjectRef, cache: Cache): readonly string[] {
  const clones = cache.list(VM_CLONES).filter(belongsTo(provider)).filter(isUnderWay);
  const images = cache.list(VM_IMAGES).filter((image) => isLeaving(image) && isKeptAt(provider, image));
  return [...vmsOf(provider, cache), ...clones, ...images].map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
  );
}

function isUnderWay(clone: KubeObject): boolean {
  const status = clone['status'] as { readonly phase?: string } | undefined;
  return isLeaving(clone) || !['Ready', 'Failed'].includes(status?.phase ?? '');
}

function isLeaving({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Under the name that says where, or within the same namespace the name alone. */
function isKeptAt({ namespace, name }: ObjectRef, image: KubeObject): boolean {
  const status = image['status'] as { readonly providerStatus?: Readonly<Record<string, unknown>> } | undefined;
  const places = Object.keys(status?.providerStatus ?? {});
  return places.includes(`${namespace}/${name}`) || (image.metadata.namespace === namespace && places.includes(name));
}
