// PUT: an object as it is to be, whole.
import type { ObjectMeta } from '../object.ts';
import { resourceName } from '../resource.ts';
import { conflict, notFound } from '../status.ts';
import { readCurrent } from '../store/objects.ts';
import { checkName, withNamespace } from './agreement.ts';
import type { Api, Call, Written } from './api.ts';
import { readObject } from './read-object.ts';
import { replaceObject } from './replace-object.ts';
import { readWriteOptions } from './write-options.ts';

/** Who names a uid means that object and no later one of the same name. */
function refuseOtherUid({ kind: { resource }, name }: Call, given: ObjectMeta, { namespace, uid }: ObjectMeta): void {
  const named = (given.uid as string | undefined) ?? uid;
  if (named === uid) return;
  // What the store of a real server says (recording 065).
  const root = resource.custom ? '/registry/apiextensions.kubernetes.io' : '/registry';
  const path = resource.custom ? `${resource.group}/${resource.plural}` : resourceName(resource);
  const key = [root, path, namespace, name].filter(Boolean).join('/');
  const why =
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ` +
    `UID in precondition: ${named}, UID in object meta: ${uid}`;
  throw conflict(resource.plural, resource.group, name, why);
}

export function update(api: Api, call: Call): Written {
  const options = readWriteOptions(call.query, 'UpdateOptions');
  const given = withNamespace(readObject(call, options.fieldValidation), call);
  checkName(given, call);
  const old = readCurrent(api.log, call.kind, call.namespace, call.name);
  if (old === undefined) throw notFound(call.kind.resource, call.name);
  refuseOtherUid(call, given.metadata, old.metadata);
  return { object: replaceObject(api, call, given, old, options), created: false };
}
