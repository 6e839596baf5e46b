// Who needs a Provider: VMs it has, and what was made or is being made there.
import { VIRTUAL_MACHINES, VM_CLONES, VM_IMAGES } from '#crd/resources';
import type { VmCloneStatus } from '#crd/vm-clone/status';
import type { ObjectRef } from '#domain/object-ref';
import type { Cache } from '#kube/cache';
import type { KubeObject } from '#kube/object';
import { boundTo } from '../virtual-machine/concerns.ts';
import { providerKey } from '../vm-image/at-provider.ts';
import { templatesOf } from '../vm-image/templates.ts';

type Reference = { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined;

/** Those that it has, or that ask for it. */
export function vmsOf(provider: ObjectRef, cache: Cache): readonly KubeObject[] {
  return cache.list(VIRTUAL_MACHINES).filter((vm) => means(vm, boundTo(vm), provider));
}

/** Those without whom it has to stay, each as `VirtualMachine default/web-server`. */
export function usersOf(provider: ObjectRef, cache: Cache): readonly string[] {
  const clones = cache.list(VM_CLONES).filter((clone) => isUnderWay(clone, provider));
  const images = cache.list(VM_IMAGES).filter((image) => isKeptAt(provider, image));
  return [...vmsOf(provider, cache), ...clones, ...images].map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
  );
}

function means({ metadata }: KubeObject, ref: Reference, provider: ObjectRef): boolean {
  return ref?.name === provider.name && (ref.namespace ?? metadata.namespace) === provider.namespace;
}

/** A copy that is nobody's yet. */
function isUnderWay(clone: KubeObject, provider: ObjectRef): boolean {
  const { bound, completionTime } = (clone['status'] ?? {}) as VmCloneStatus;
  return completionTime === undefined && means(clone, bound?.providerRef, provider);
}

/** With templates, which go with it. */
function isKeptAt(provider: ObjectRef, image: KubeObject): boolean {
  return templatesOf(image['status']).some((template) => template.provider === providerKey(provider));
}
