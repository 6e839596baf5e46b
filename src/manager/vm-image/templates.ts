// The templates that were made of an image, which lets go of them when it is deleted.
import type { VmImageStatus } from '#crd/vm-image/status';
import type { ObjectRef } from '#domain/object-ref';
import type { KubeObject } from '#kube/object';
import type { Visit } from '../work/controller.ts';
import { providerKey } from './at-provider.ts';

export type Template = NonNullable<VmImageStatus['templates']>[number];

/** Those of earlier specs too. */
export function templatesOf(status: unknown): readonly Template[] {
  return ((status ?? {}) as VmImageStatus).templates ?? [];
}

export function rememberTemplate(visit: Visit, provider: ObjectRef, id: string): void {
  const status = visit.status.fields as VmImageStatus;
  const known = status.templates ?? [];
  const template = { provider: providerKey(provider), id };
  if (id === '' || known.some((one) => isSame(one, template))) return;
  status.templates = [...known, template];
}

export function forgetTemplate(visit: Visit, template: Template): void {
  const status = visit.status.fields as VmImageStatus;
  status.templates = (status.templates ?? []).filter((one) => !isSame(one, template));
}

/** The provider knows them by name and content: images of one name in two namespaces have one template. */
export function isSharedWith(other: KubeObject, template: Template): boolean {
  return templatesOf(other['status']).some((one) => isSame(one, template));
}

function isSame(one: Template, other: Template): boolean {
  return one.provider === other.provider && one.id === other.id;
}
