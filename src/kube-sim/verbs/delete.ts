// DELETE of one object. One that somebody has to see to (a finalizer, its dependents) is marked and stays until they have.
import type { JsonObject, KubeObject } from '../object.ts';
import { isFinished, marked } from '../objects/remove.ts';
import { conflict, forbidden, notFound } from '../status.ts';
import { inOrder, readCurrent, writeObject } from '../store/objects.ts';
import { type Api, type Call, timeOf } from './api.ts';
import { type DeleteOptions, readDeleteOptions } from './delete-options.ts';

/** The object as it is now, or, where it is gone, that it is. */
export type Deleted = { readonly object: KubeObject } | { readonly success: JsonObject };

export function deleteOne(api: Api, call: Call): Deleted {
  const options = readDeleteOptions(call);
  const { kind, namespace, name } = call;
  const object = readCurrent(api.log, kind, namespace, name);
  if (object === undefined) throw notFound(kind.resource, name);
  refuseForWhatItIs(call, object);
  return deleteObject(api, call, object, options);
}

/** Namespaces that are always there. */
const LASTING = ['default', 'kube-system', 'kube-public'];

export function deleteObject(api: Api, { kind }: Call, object: KubeObject, options: DeleteOptions): Deleted {
  checkPreconditions(kind.resource, object, options);
  if (object.metadata.deletionTimestamp !== undefined) return { object };
  const time = timeOf(api.clock);
  const gone = marked(kind, object, time, finalizersAfter(object, options));
  if (!isFinished(kind, gone)) {
    if (options.dryRun) return { object: inOrder(kind, gone) };
    return { object: writeObject(api.log, kind, gone) };
  }
  if (!options.dryRun) writeObject(api.log, kind, object, { deleted: true });
  return { success: success(kind.resource, object) };
}

function refuseForWhatItIs({ kind: { resource } }: Call, { metadata }: KubeObject): void {
  if (resource.group === '' && resource.plural === 'namespaces' && LASTING.includes(metadata.name))
    throw forbidden(resource, metadata.name, 'this namespace may not be deleted');
}

/** Who has to see to its dependents is a finalizer. */
function finalizersAfter({ metadata }: KubeObject, { propagation }: DeleteOptions): readonly string[] | undefined {
  const { finalizers = [] } = metadata;
  if (propagation === undefined) return metadata.finalizers;
  const others = finalizers.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (propagation === 'Background') return others;
  return [...others, propagation === 'Orphan' ? 'orphan' : 'foregroundDeletion'];
}

type Named = Call['kind']['resource'];

function checkPreconditions({ kind, group }: Named, { metadata }: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options;
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      kind,
      group,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). ` +
        'The object might have been deleted and then recreated',
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      kind,
      group,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
        `(${metadata.resourceVersion}). The object might have been modified`,
    );
}

function success({ group, plural }: Named, { metadata: { name, uid } }: KubeObject): JsonObject {
  const details = { name, ...(group === '' ? {} : { group }), kind: plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
