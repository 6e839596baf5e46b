// A namespace that is Terminating: everything in it is deleted, and when nothing is left, so is the namespace.
import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../shape.ts';
import type { Kind } from '../kinds/kind.ts';
import { NAMESPACES } from '../kinds/namespaces.ts';
import type { Json, KubeObject } from '../object.ts';
import { everyVersion } from '../store/every-version.ts';
import { objectOf, readCurrent, writeObject } from '../store/objects.ts';
import type { Version } from '../store/version.ts';
import { type Api, timeOf } from '../verbs/api.ts';
import { ownWrite } from '../verbs/own-write.ts';
import type { Controller } from './controller.ts';
import { rangeOf, splitKey } from './key.ts';
import { withRemaining } from './namespace-conditions.ts';
import { isFinished, removeObject } from './remove.ts';

/** Looks after each write, and at everything when it is asked. */
export function emptyTerminatingNamespaces(api: Api): Controller {
  const look = (version: Version): void => {
    const name = version.resource === NAMESPACES.stored ? version.key : namespaceOf(version);
    if (name === undefined) return;
    const namespace =
      version.deleted === 1 && version.resource === NAMESPACES.stored
        ? undefined
        : readCurrent(api.log, NAMESPACES, '', name);
    if (namespace?.metadata.deletionTimestamp === undefined || NAMESPACES.isHeld?.(namespace) !== true) return;
    api.chores.add(`empty namespace ${name}`, () => empty(api, name));
  };
  return {
    lookAtAll: () => {
      for (const version of everyVersion(api.log, NAMESPACES.stored, rangeOf(''))) look(version);
    },
    stop: api.log.onWrite(look),
  };
}

/** Of what has gone. */
function namespaceOf({ key, deleted }: Version): string | undefined {
  const slash = key.indexOf('/');
  return deleted === 1 && slash > 0 ? key.slice(0, slash) : undefined;
}

function* empty(api: Api, name: string): Generator<void, void> {
  const kinds = storedKinds(api);
  let left = 0;
  for (const kind of kinds) {
    for (const { key } of everyVersion(api.log, kind.stored, rangeOf(name))) {
      removeObject(api, kind, name, splitKey(key, true).name);
      yield;
    }
    left += api.log.count(kind.stored, rangeOf(name));
  }
  if (left === 0) finish(api, name);
  else tellWhatRemains(api, name, kinds);
}

function tellWhatRemains(api: Api, name: string, kinds: readonly Kind[]): void {
  const namespace = readCurrent(api.log, NAMESPACES, '', name);
  if (namespace?.metadata.deletionTimestamp === undefined) return;
  const remaining = kinds
    .map((kind) => ({
      kind,
      objects: [...everyVersion(api.log, kind.stored, rangeOf(name))].map((version) => objectOf(version, kind)),
    }))
    .filter(({ objects }) => objects.length > 0);
  const told = withRemaining(namespace, remaining, timeOf(api.clock));
  if (!isDeepStrictEqual(told, namespace)) ownWrite(api, NAMESPACES, told, namespace, 'status');
}

/** One version of each kind with namespaces. */
function storedKinds(api: Api): readonly Kind[] {
  const names = new Set(
    api.kinds
      .all()
      .filter(({ resource }) => resource.namespaced)
      .map(({ stored }) => stored),
  );
  return [...names].map((name) => api.kinds.byStored(name)).filter((kind) => kind !== undefined);
}

function finish(api: Api, name: string): void {
  const namespace = readCurrent(api.log, NAMESPACES, '', name);
  if (namespace?.metadata.deletionTimestamp === undefined) return;
  const spec = isObject(namespace['spec']) ? namespace['spec'] : {};
  const others = Array.isArray(spec['finalizers']) ? spec['finalizers'].filter((of: Json) => of !== 'kubernetes') : [];
  const free: KubeObject = { ...namespace, spec: { ...spec, finalizers: others } };
  if (isFinished(NAMESPACES, free)) writeObject(api.log, NAMESPACES, free, { deleted: true });
  else ownWrite(api, NAMESPACES, free, namespace);
}
