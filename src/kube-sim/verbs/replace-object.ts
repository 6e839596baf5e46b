// From an object and what it is to be to what it is then: preconditions, what stays the server's, the schema, one write.
// Updates, patches and writes of a status go through here.
import { invalid } from '../causes.ts';
import { withManagedFields } from '../fields/managed-fields.ts';
import type { KubeObject, ObjectMeta } from '../object.ts';
import { checkChange } from '../objects/check-metadata.ts';
import { isSame, isWantedChanged } from '../objects/generation.ts';
import { isFinished } from '../objects/remove.ts';
import { apiVersionOf, resourceName } from '../resource.ts';
import { conflict, invalidStatus } from '../status.ts';
import { inOrder, writeObject } from '../store/objects.ts';
import { type Api, type Call, timeOf } from './api.ts';
import { refuseFaults, withKindDefaults } from './schema-checks.ts';
import type { WriteOptions } from './write-options.ts';

export function replaceObject(
  api: Api,
  call: Call,
  given: KubeObject,
  old: KubeObject,
  options: WriteOptions,
): KubeObject {
  const { kind, subresource } = call;
  refuseStale(call, given.metadata, old);
  const prepared = subresource === '' ? prepareObject(call, given, old) : prepareStatus(call, given, old);
  const metadata = checkChange(prepared, old);
  refuseFaults(kind, { object: prepared, old, metadata, ...(subresource === '' ? {} : { subresource }) });
  if (subresource === '') for (const warning of kind.warnings?.(prepared, old) ?? []) call.warn(warning);
  const object = withManagedFields({
    before: old,
    after: prepared,
    manager: options.fieldManager === '' ? call.agent : options.fieldManager,
    ...(subresource === '' ? {} : { subresource, wanted: wantedOf(given, old) }),
    time: timeOf(api.clock),
    schema: kind.schema,
    apiVersion: apiVersionOf(kind.resource),
  });
  const ordered = inOrder(kind, {
    ...object,
    metadata: { ...object.metadata, resourceVersion: old.metadata.resourceVersion },
  });
  if (isSame(ordered, old) && !isFinished(kind, ordered)) return old;
  if (options.dryRun) return ordered;
  if (isFinished(kind, object)) {
    writeObject(api.log, kind, object, { deleted: true });
    return ordered;
  }
  return writeObject(api.log, kind, object);
}

function refuseStale({ kind, name }: Call, given: ObjectMeta, old: KubeObject): void {
  const { resource } = kind;
  const uid = (given.uid as string | undefined) ?? old.metadata.uid;
  if (uid !== old.metadata.uid) throw conflict(resource.plural, resource.group, name, wrongUid(resource, given, old));
  const revision = (given.resourceVersion as string | undefined) ?? '';
  if (revision === '' || revision === '0') {
    if (kind.unconditionalUpdate) return;
    // As Go's code says it, with the field's zero value (recording 066).
    const cause = {
      ...invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      message: 'Invalid value: 0x0: must be specified for an update',
    };
    throw invalidStatus(resource.plural, resource.group, name, [cause]);
  }
  if (revision !== old.metadata.resourceVersion)
    throw conflict(
      resource.plural,
      resource.group,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
}

/** What the store of a real server says (recording 065). */
function wrongUid(resource: Call['kind']['resource'], given: ObjectMeta, { metadata }: KubeObject): string {
  const root = resource.custom ? '/registry/apiextensions.kubernetes.io' : '/registry';
  const path = resource.custom ? `${resource.group}/${resource.plural}` : resourceName(resource);
  const key = [root, path, metadata.namespace, metadata.name].filter(Boolean).join('/');
  return (
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ` +
    `UID in precondition: ${given.uid}, UID in object meta: ${metadata.uid}`
  );
}

/** The object with what is the server's as it was, and the status where that is written by itself. */
function prepareObject({ kind }: Call, given: KubeObject, old: KubeObject): KubeObject {
  const { status: _, ...rest } = given;
  const kept = old['status'] === undefined ? {} : { status: old['status'] };
  const body = kind.resource.hasStatus ? ({ ...rest, ...kept } as KubeObject) : given;
  const merged: KubeObject = { ...body, metadata: keepServers(given.metadata, old.metadata) };
  const defaulted = withKindDefaults(kind.prepare?.(merged, old) ?? merged, kind);
  const { generation } = old.metadata;
  if (!kind.generation || generation === undefined) return defaulted;
  const next = isWantedChanged(defaulted, old, kind.resource.hasStatus) ? generation + 1 : generation;
  return { ...defaulted, metadata: { ...defaulted.metadata, generation: next } };
}

/** What the client has asked for, as far as it is about the object's metadata and status. */
function wantedOf(given: KubeObject, old: KubeObject): KubeObject {
  return { ...given, metadata: { ...given.metadata, name: old.metadata.name } };
}

/** The old object with the new status; of the metadata only who owns what may change (recording 093). */
function prepareStatus({ kind }: Call, given: KubeObject, old: KubeObject): KubeObject {
  const { status: _, ...rest } = old;
  const { managedFields } = given.metadata;
  const metadata = { ...old.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
  const status = given['status'] === undefined ? {} : { status: given['status'] };
  return withKindDefaults({ ...rest, ...status, metadata }, kind);
}

const SERVERS = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
];

function keepServers(given: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { selfLink: _, resourceVersion: __, ...rest } = given;
  const own = Object.entries(rest).filter(([name]) => !SERVERS.includes(name));
  const kept = SERVERS.filter((name) => old[name] !== undefined).map((name) => [name, old[name]] as const);
  return {
    ...Object.fromEntries([...own, ...kept]),
    name: old.name,
    resourceVersion: old.resourceVersion,
  } as ObjectMeta;
}
