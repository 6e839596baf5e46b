// Objects in the log: read in the version that is asked for, written with the revision they got.
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import { keyOf } from '../objects/key.ts';
import { byName, bySchema } from '../objects/member-order.ts';
import { apiVersionOf } from '../resource.ts';
import { withDefaults } from '../schema/with-defaults.ts';
import { prune } from '../schema/prune.ts';
import { internalError } from '../status.ts';
import type { RevisionLog } from './revision-log.ts';
import type { Version } from './version.ts';

/** An object as the kind's version has it. Defaults the schema got since it was written are filled in. */
export function objectOf(version: Version, kind: Kind, parsed = JSON.parse(version.text) as KubeObject): KubeObject {
  const apiVersion = apiVersionOf(kind.resource);
  const object = kind.fromStored?.(parsed) ?? (parsed.apiVersion === apiVersion ? parsed : { ...parsed, apiVersion });
  if (!kind.resource.custom || version.revision > kind.currentSince) return object;
  const { metadata, ...rest } = object;
  const { value } = prune(withDefaults(rest, kind.schema), kind.schema);
  return byName({ ...(value as KubeObject), metadata }) as KubeObject;
}

/** The text in the log is the object as the kind's version has it. */
export function isAsStored(version: Version, kind: Kind): boolean {
  const isSameVersion = kind.fromStored === undefined && kind.storedApiVersion === apiVersionOf(kind.resource);
  return isSameVersion && (!kind.resource.custom || version.revision > kind.currentSince);
}

export function readCurrent(log: RevisionLog, kind: Kind, namespace: string, name: string): KubeObject | undefined {
  const version = log.current(kind.stored, keyOf(namespace, name));
  return version === undefined ? undefined : objectOf(version, kind);
}

/** Writes a version of the object and gives it back as it is then. */
export function writeObject(
  log: RevisionLog,
  kind: Kind,
  object: KubeObject,
  options: { readonly deleted?: boolean } = {},
): KubeObject {
  const { namespace = '', name, ownerReferences = [] } = object.metadata;
  const stored = toStored(kind, object);
  const version = log.write({
    resource: kind.stored,
    key: keyOf(namespace, name),
    ...(options.deleted === true ? { deleted: true } : {}),
    owners: ownerReferences.map(({ uid }) => uid),
    text: (revision) => fitting(JSON.stringify(inOrder(kind, withRevision(stored, revision)))),
  });
  return objectOf(version, kind);
}

/** As it would be written. */
export function inOrder(kind: Kind, object: KubeObject): KubeObject {
  return (kind.resource.custom ? byName(object) : bySchema(object, kind.schema)) as KubeObject;
}

const LARGEST_MESSAGE = 2 * 1024 * 1024;
const LARGEST_VALUE = 1.5 * 1024 * 1024;

/** Refuses what etcd refuses for its size, in its words (recording 158). */
function fitting(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_MESSAGE)
    throw internalError(
      `rpc error: code = ResourceExhausted desc = trying to send message larger than max (${bytes} vs. ${LARGEST_MESSAGE})`,
    );
  if (bytes > LARGEST_VALUE) throw internalError('etcdserver: request is too large');
  return text;
}

function toStored(kind: Kind, object: KubeObject): KubeObject {
  if (kind.toStored !== undefined) return kind.toStored(object);
  return { ...object, apiVersion: kind.storedApiVersion };
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
