// What becomes of definitions: their names are accepted, then their kinds are served; a deleted one takes its objects with it.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, KubeObject } from '../object.ts';
import type { Controller } from '../objects/controller.ts';
import { rangeOf, splitKey } from '../objects/key.ts';
import { removeObject } from '../objects/remove.ts';
import { everyVersion } from '../store/every-version.ts';
import { objectOf, readCurrent, writeObject } from '../store/objects.ts';
import type { Version } from '../store/version.ts';
import { ownWrite } from '../verbs/own-write.ts';
import { type Api, timeOf } from '../verbs/api.ts';
import { acceptedNames, acceptNames } from './accept-names.ts';
import { conditionsOf, isEstablished, withCondition } from './conditions.ts';
import { customKinds, type DefinitionNames, specOf } from './custom-kind.ts';
import { CLEANUP, CUSTOM_RESOURCE_DEFINITIONS as DEFINITIONS } from './custom-resource-definitions.ts';
import { members } from './own-kind.ts';

/** Serves what is defined: after each write, and everything when it is asked. */
export function establishDefinitions(api: Api): Controller {
  const since = new Map<string, number>();
  const look = (version: Version): void => {
    if (version.resource === DEFINITIONS.stored) onDefinition(api, version, since);
    else if (version.deleted === 1) onEnd(api, version.resource, since);
  };
  return {
    lookAtAll: () => {
      for (const version of stored(api)) look(version);
    },
    stop: api.log.onWrite(look),
  };
}

function onDefinition(api: Api, version: Version, since: Map<string, number>): void {
  const definition = objectOf(version, DEFINITIONS);
  const { name, uid, generation } = definition.metadata;
  if (version.deleted === 1) return api.kinds.define(name, []);
  if (definition.metadata.deletionTimestamp !== undefined)
    return api.chores.add(`take down ${name}`, () => takeDown(api, name));
  const id = `${uid}/${generation}`;
  if (!since.has(id)) since.set(id, version.revision);
  const written = accept(api, definition);
  // What was written comes by here again.
  if (written || !isEstablished(definition)) return;
  const names = { ...specOf(definition).names, ...acceptedNames(definition) } as DefinitionNames;
  api.kinds.define(name, customKinds(definition, names, since.get(id) ?? version.revision));
}

/** Writes what has been found about its names; false: that is known already. */
function accept(api: Api, definition: KubeObject): boolean {
  const others = definitions(api).filter(
    (other) => other.metadata.name !== definition.metadata.name && specOf(other).group === specOf(definition).group,
  );
  const { names, condition } = acceptNames(definition, others);
  const time = timeOf(api.clock);
  const isAccepted = condition.status === 'True';
  const before = conditionsOf(definition);
  const named = withCondition(before, condition, time);
  const established = isEstablished(definition)
    ? named
    : withCondition(named, isAccepted ? ESTABLISHED : NOT_ACCEPTED, time);
  const status: JsonObject = {
    ...members(definition['status']),
    conditions: established,
    acceptedNames: { ...(names as JsonObject) },
  };
  if (isDeepStrictEqual(status, definition['status'])) return false;
  ownWrite(api, DEFINITIONS, { ...definition, status }, definition, 'status');
  return true;
}

const ESTABLISHED = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
} as const;
const NOT_ACCEPTED = {
  type: 'Established',
  status: 'False',
  reason: 'NotAccepted',
  message: 'not all names are accepted',
} as const;

function definitions(api: Api): KubeObject[] {
  return [...stored(api)].map((version) => objectOf(version, DEFINITIONS));
}

function stored(api: Api): Iterable<Version> {
  return everyVersion(api.log, DEFINITIONS.stored, rangeOf(''));
}

/** Deletes its objects; without any it is done. */
function* takeDown(api: Api, name: string): Generator<void, void> {
  const [kind] = api.kinds.definedBy(name);
  if (kind !== undefined) {
    for (const { key } of everyVersion(api.log, kind.stored, rangeOf(''))) {
      const { namespace, name: of } = splitKey(key, kind.resource.namespaced);
      removeObject(api, kind, namespace, of);
      yield;
    }
    if (api.log.count(kind.stored, rangeOf('')) > 0) return;
  }
  const definition = readCurrent(api.log, DEFINITIONS, '', name);
  if (definition?.metadata.deletionTimestamp === undefined) return;
  const finalizers = (definition.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP);
  const metadata = { ...definition.metadata, finalizers };
  if (finalizers.length === 0) writeObject(api.log, DEFINITIONS, definition, { deleted: true });
  else if (finalizers.length < (definition.metadata.finalizers ?? []).length)
    ownWrite(api, DEFINITIONS, { ...definition, metadata }, definition);
}

/** An object has gone: its definition may have waited for that. */
function onEnd(api: Api, resource: string, since: Map<string, number>): void {
  const waiting = api.log.current(DEFINITIONS.stored, resource);
  if (waiting === undefined || !/"deletionTimestamp"/.test(waiting.text)) return;
  onDefinition(api, waiting, since);
}
