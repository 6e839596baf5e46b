// Whether a change is made from what is there.
import type { KubeObject, ObjectMeta } from '../object.ts';
import { type Resource, resourceName } from '../resource.ts';
import { conflict, invalidStatus } from '../status.ts';
import type { Call } from './api.ts';

/** Of a PUT: the object it is about is still the same one, and it says which version of that it was made from. */
export function refuseOther({ kind, name }: Call, given: ObjectMeta, old: KubeObject): void {
  const { resource } = kind;
  const uid = (given.uid as string | undefined) ?? old.metadata.uid;
  if (uid !== old.metadata.uid) throw conflict(resource.plural, resource.group, name, otherUid(resource, uid, old));
  if (versionOf(given) !== '' || kind.unconditionalUpdate) return;
  // The value is Go's way to write nothing (recording 066).
  const message = 'Invalid value: 0x0: must be specified for an update';
  const cause = { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' };
  throw invalidStatus(resource.plural, resource.group, name, [cause]);
}

/** Of any change: a version that is named is the one that is there. */
export function refuseStale({ kind: { resource }, name }: Call, given: ObjectMeta, old: KubeObject): void {
  const version = versionOf(given);
  if (version === '' || version === old.metadata.resourceVersion) return;
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  throw conflict(resource.plural, resource.group, name, why);
}

function versionOf({ resourceVersion }: ObjectMeta): string {
  const given = (resourceVersion as string | undefined) ?? '';
  return given === '0' ? '' : given;
}

/** What the store of a real server says (recording 065). */
function otherUid(resource: Resource, uid: string, { metadata }: KubeObject): string {
  const root = resource.custom ? '/registry/apiextensions.kubernetes.io' : '/registry';
  const path = resource.custom ? `${resource.group}/${resource.plural}` : resourceName(resource);
  const key = [root, path, metadata.namespace, metadata.name].filter(Boolean).join('/');
  return (
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ` +
    `UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
  );
}
