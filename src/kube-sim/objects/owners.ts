// Owners and what they own: what has lost its last owner is deleted; who is deleted in the foreground goes after what it owns,
// who is deleted as an orphan leaves it behind.
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject, OwnerReference } from '../object.ts';
import { everyVersion } from '../store/every-version.ts';
import { objectOf, readCurrent, writeObject } from '../store/objects.ts';
import type { Place } from '../store/revision-log.ts';
import type { Version } from '../store/version.ts';
import type { Api } from '../verbs/api.ts';
import { ownWrite } from '../verbs/own-write.ts';
import type { Controller } from './controller.ts';
import { rangeOf, splitKey } from './key.ts';
import { isFinished, removeObject } from './remove.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Looks after each write, and at everything when it is asked. */
export function collectGarbage(api: Api): Controller {
  return {
    lookAtAll: () => {
      for (const place of api.log.owned()) api.chores.add('owners', () => lookAtOwned(api, place));
      api.chores.add('deletions', () => lookAtDeletions(api));
    },
    stop: api.log.onWrite((version) => look(api, version)),
  };
}

/** Owners that wait for what they own, which may have gone when nobody looked. */
function* lookAtDeletions(api: Api): Generator<void, void> {
  for (const stored of new Set(api.kinds.all().map((kind) => kind.stored))) {
    const kind = api.kinds.byStored(stored);
    if (kind === undefined) continue;
    for (const { key, text } of everyVersion(api.log, stored, rangeOf('')))
      if (/"deletionTimestamp":/.test(text)) yield* lookAtOwner(api, kind, { resource: stored, key });
    yield;
  }
}

function look(api: Api, version: Version): void {
  const kind = api.kinds.byStored(version.resource);
  const isOfInterest = version.deleted === 1 || /"(?:ownerReferences|deletionTimestamp)":/.test(version.text);
  if (kind === undefined || !isOfInterest) return;
  const { metadata } = objectOf(version, kind);
  if (version.deleted === 1) {
    api.chores.add('dependents', () => lookAtDependents(api, metadata.uid));
    for (const { uid } of metadata.ownerReferences ?? [])
      api.chores.add('owner', () => lookAtWaitingOwner(api, metadata.namespace, uid, metadata.ownerReferences ?? []));
    return;
  }
  const { resource, key } = version;
  if (metadata.ownerReferences !== undefined) api.chores.add('owners', () => lookAtOwned(api, { resource, key }));
  if (metadata.deletionTimestamp !== undefined)
    api.chores.add('owner', () => lookAtOwner(api, kind, { resource, key }));
}

function* lookAtDependents(api: Api, uid: string): Generator<void, void> {
  for (const place of api.log.ownedBy(uid)) yield* lookAtOwned(api, place);
}

/** Deletes it where no owner is left, else drops those that are gone. */
function* lookAtOwned(api: Api, place: Place): Generator<void, void> {
  const found = read(api, place);
  if (found === undefined || found.object.metadata.deletionTimestamp !== undefined) return;
  const { kind, object } = found;
  const references = object.metadata.ownerReferences ?? [];
  const gone = references.filter((reference) => isGone(api, reference, object.metadata.namespace));
  if (gone.length === 0) return;
  const { namespace = '', name } = object.metadata;
  if (gone.length === references.length) removeObject(api, kind, namespace, name);
  else dropOwners(api, kind, object, new Set(gone.map(({ uid }) => uid)));
  yield;
}

/** An owner whose kind nobody serves may be there all the same. */
function isGone(api: Api, { apiVersion, kind, name, uid }: OwnerReference, namespace: string | undefined): boolean {
  const known = api.kinds.byKind(apiVersion, kind);
  if (known === undefined) return false;
  const owner = readCurrent(api.log, known, known.resource.namespaced ? (namespace ?? '') : '', name);
  return owner?.metadata.uid !== uid;
}

/** One that is being deleted and has to see to what it owns first. */
function* lookAtOwner(api: Api, kind: Kind, place: Place): Generator<void, void> {
  const finalizers = read(api, place)?.object.metadata.finalizers ?? [];
  if (finalizers.includes(ORPHAN)) yield* leaveBehind(api, kind, place);
  if (finalizers.includes(FOREGROUND)) yield* goLast(api, kind, place);
}

function* leaveBehind(api: Api, kind: Kind, place: Place): Generator<void, void> {
  const uid = read(api, place)?.object.metadata.uid ?? '';
  for (const owned of api.log.ownedBy(uid)) {
    const found = read(api, owned);
    if (found !== undefined) dropOwners(api, found.kind, found.object, new Set([uid]));
    yield;
  }
  dropFinalizer(api, kind, place, ORPHAN);
}

function* goLast(api: Api, kind: Kind, place: Place): Generator<void, void> {
  const uid = read(api, place)?.object.metadata.uid ?? '';
  for (const owned of api.log.ownedBy(uid)) {
    const found = read(api, owned);
    if (found === undefined) continue;
    const { namespace = '', name } = found.object.metadata;
    removeObject(api, found.kind, namespace, name);
    yield;
  }
  const isBlocked = api.log
    .ownedBy(uid)
    .some((owned) =>
      (read(api, owned)?.object.metadata.ownerReferences ?? []).some(
        (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
      ),
    );
  if (!isBlocked) dropFinalizer(api, kind, place, FOREGROUND);
}

/** What it owned has gone: perhaps it waited for that. */
function* lookAtWaitingOwner(
  api: Api,
  namespace: string | undefined,
  uid: string,
  references: readonly OwnerReference[],
): Generator<void, void> {
  const reference = references.find((candidate) => candidate.uid === uid);
  const kind = reference && api.kinds.byKind(reference.apiVersion, reference.kind);
  if (reference === undefined || kind === undefined) return;
  const key = kind.resource.namespaced ? `${namespace ?? ''}/${reference.name}` : reference.name;
  const owner = read(api, { resource: kind.stored, key })?.object.metadata;
  if (owner?.uid === uid && owner.deletionTimestamp !== undefined)
    yield* lookAtOwner(api, kind, { resource: kind.stored, key });
}

function dropOwners(api: Api, kind: Kind, object: KubeObject, uids: ReadonlySet<string>): void {
  const { ownerReferences = [], ...metadata } = object.metadata;
  const left = ownerReferences.filter(({ uid }) => !uids.has(uid));
  const next = { ...object, metadata: { ...metadata, ...(left.length === 0 ? {} : { ownerReferences: left }) } };
  ownWrite(api, kind, next, object);
}

function dropFinalizer(api: Api, kind: Kind, place: Place, name: string): void {
  const object = read(api, place)?.object;
  if (object === undefined) return;
  const { finalizers = [], ...metadata } = object.metadata;
  const left = finalizers.filter((finalizer) => finalizer !== name);
  const next = { ...object, metadata: { ...metadata, ...(left.length === 0 ? {} : { finalizers: left }) } };
  if (isFinished(kind, next)) writeObject(api.log, kind, object, { deleted: true });
  else ownWrite(api, kind, next, object);
}

function read(api: Api, { resource, key }: Place): { readonly kind: Kind; readonly object: KubeObject } | undefined {
  const kind = api.kinds.byStored(resource);
  if (kind === undefined) return undefined;
  const { namespace, name } = splitKey(key, kind.resource.namespaced);
  const object = readCurrent(api.log, kind, namespace, name);
  return object && { kind, object };
}
