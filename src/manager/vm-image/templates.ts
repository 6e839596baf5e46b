// The templates that were made of an image, which lets go of them when it is deleted. What a provider may have been asked
// for is among them before its answer, which may be lost.
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

/** Before it is asked for: as long as nobody tells its id, the request that does is kept. @returns whether that is news */
export function announceTemplate(visit: Visit, provider: ObjectRef, asked: string): boolean {
  const template = { provider: providerKey(provider), asked, ...endpointOf(visit, provider) };
  return add(visit, template);
}

/** It has an id now, or was refused. */
export function withdrawTemplate(visit: Visit, provider: ObjectRef, asked: string): void {
  forgetTemplate(visit, { provider: providerKey(provider), asked });
}

export function rememberTemplate(visit: Visit, provider: ObjectRef, id: string): void {
  if (id !== '') add(visit, { provider: providerKey(provider), id, ...endpointOf(visit, provider) });
}

export function forgetTemplate(visit: Visit, template: Template): void {
  const status = visit.status.fields as VmImageStatus;
  const others = (status.templates ?? []).filter((one) => !isSame(one, template));
  if (others.length !== (status.templates ?? []).length) status.templates = others;
}

/** The provider knows them by name and content: images of one name in two namespaces have one template. */
export function isSharedWith(other: KubeObject, template: Template): boolean {
  return template.id !== undefined && templatesOf(other['status']).some((one) => isSame(one, template));
}

function add(visit: Visit, template: Template): boolean {
  const status = visit.status.fields as VmImageStatus;
  const known = status.templates ?? [];
  if (known.some((one) => isSame(one, template))) return false;
  status.templates = [...known, template];
  return true;
}

function endpointOf({ world }: Visit, provider: ObjectRef): Pick<Template, 'endpoint'> {
  const endpoint = world.providers.endpointOf(provider);
  return endpoint === undefined ? {} : { endpoint };
}

function isSame(one: Template, other: Template): boolean {
  return one.provider === other.provider && one.id === other.id && one.asked === other.asked;
}
