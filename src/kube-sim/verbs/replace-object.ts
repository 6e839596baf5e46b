// From an object and what it is to be to what it is then: preconditions, what stays the server's, the schema, one write.
// Updates, patches and writes of a status go through here.
import { invalid } from '../causes.ts';
import { withManagedFields } from '../fields/managed-fields.ts';
import { quoted } from '../go-text.ts';
import type { KubeObject, ObjectMeta } from '../object.ts';
import { checkChange } from '../objects/check-metadata.ts';
import { isSame, isWantedChanged } from '../objects/generation.ts';
import { isFinished } from '../objects/remove.ts';
import { apiVersionOf } from '../resource.ts';
import { conflict, internalError, invalidStatus } from '../status.ts';
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
    ...(subresource === ''
      ? { wanted: withStatusOf(call, prepared, old) }
      : { subresource, wanted: wantedOf(given, old) }),
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
    // It goes as it was: nobody sees it without its last finalizer.
    writeObject(api.log, kind, old, { deleted: true });
    return ordered;
  }
  return writeObject(api.log, kind, object);
}

function refuseStale({ kind, name }: Call, given: ObjectMeta, old: KubeObject): void {
  const { resource } = kind;
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
  if (!/^\d+$/.test(revision)) throw internalError(`strconv.ParseUint: parsing ${quoted(revision)}: invalid syntax`);
  if (revision !== old.metadata.resourceVersion)
    throw conflict(
      resource.plural,
      resource.group,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
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

/** What the server makes of the status on the way (of a definition, which versions are stored) belongs to nobody. */
function withStatusOf({ kind }: Call, prepared: KubeObject, old: KubeObject): KubeObject {
  const status = old['status'];
  return kind.resource.hasStatus && status !== undefined ? { ...prepared, status } : prepared;
}

/** The old object with the new status; of the metadata only who owns what may change (recording 093). */
function prepareStatus({ kind }: Call, given: KubeObject, old: KubeObject): KubeObject {
  const { status: _, ...rest } = old;
  const { managedFields } = given.metadata;
  const metadata = { ...old.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
  const status = given['status'] === undefined ? {} : { status: given['status'] };
  return withKindDefaults({ ...rest, ...status, metadata }, kind);
}

/** Another uid or an end of its own making is not taken silently, but found wrong later. */
function keepServers(given: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { selfLink: _, resourceVersion: __, generation: ___, creationTimestamp: ____, ...rest } = given;
  const kept = {
    uid: given.uid ?? old.uid,
    creationTimestamp: old.creationTimestamp,
    deletionTimestamp: old.deletionTimestamp ?? given.deletionTimestamp,
    deletionGracePeriodSeconds: given.deletionGracePeriodSeconds ?? old.deletionGracePeriodSeconds,
    generation: old.generation,
  };
  const known = Object.entries(kept).filter(([, value]) => value !== undefined);
  return {
    ...rest,
    ...Object.fromEntries(known),
    name: old.name,
    resourceVersion: old.resourceVersion,
  } as ObjectMeta;
}
