// The name and the namespace in an object have to be those of the path; what the object leaves out it gets from there.
import type { KubeObject } from '../object.ts';
import { badRequest } from '../status.ts';
import type { Call } from './api.ts';

export function withNamespace(object: KubeObject, { kind, namespace }: Call): KubeObject {
  const given = object.metadata.namespace ?? '';
  if (!kind.resource.namespaced) return withoutNamespace(object);
  if (given === namespace) return object;
  if (given !== '')
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** Where there are no namespaces, the one that is given is dropped. */
function withoutNamespace(object: KubeObject): KubeObject {
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Of an update: the object says whose it is. */
export function checkName({ metadata }: KubeObject, { name }: Call): void {
  const given = (metadata.name as string | undefined) ?? '';
  const unnamed = name === '' ? '' : `the name of the object (${name} based on URL) was undeterminable: `;
  if (given === '') throw badRequest(`${unnamed}name must be provided`);
  if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
}
