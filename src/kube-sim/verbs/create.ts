// POST: a new object, named by the client or by the server.
import { randomUUID } from 'node:crypto';
import { withManagedFields } from '../fields/managed-fields.ts';
import type { JsonObject, KubeObject, ObjectMeta } from '../object.ts';
import { checkMetadata } from '../objects/check-metadata.ts';
import { keyOf } from '../objects/key.ts';
import { generateName } from '../objects/names.ts';
import { refuseMissingNamespace } from '../objects/namespace-lifecycle.ts';
import { apiVersionOf } from '../resource.ts';
import { alreadyExists, internalError } from '../status.ts';
import { inOrder, writeObject } from '../store/objects.ts';
import { withNamespace } from './agreement.ts';
import { type Api, type Call, timeOf, type Written } from './api.ts';
import { readObject } from './read-object.ts';
import { refuseFaults, withKindDefaults } from './schema-checks.ts';
import { readWriteOptions, type WriteOptions } from './write-options.ts';

/** How often a name is generated anew where the one before is taken. */
const ATTEMPTS = 8;

export function create(api: Api, call: Call): Written {
  const options = readWriteOptions(call.query, 'CreateOptions');
  const given = withNamespace(readObject(call, options.fieldValidation), call);
  refuseMissingNamespace(api, call.kind, given);
  return { object: createObject(api, call, given, options), created: true };
}

/** From what the client gave to what is there. */
export function createObject(api: Api, call: Call, given: KubeObject, options: WriteOptions): KubeObject {
  const { kind } = call;
  const manager = options.fieldManager === '' ? call.agent : options.fieldManager;
  const prepared = prepare(api, call, given);
  refuseFaults(kind, { object: prepared, metadata: checkMetadata(prepared.metadata, metadataRules(call)) });
  // Whoever is refused is not warned (recording 056).
  for (const warning of kind.warnings?.(prepared, undefined) ?? []) call.warn(warning);
  const object = withManagedFields({
    before: emptyOf(call, prepared),
    after: prepared,
    manager,
    time: timeOf(api.clock),
    schema: kind.schema,
    apiVersion: apiVersionOf(kind.resource),
  });
  const { namespace = '', name } = object.metadata;
  if (api.log.current(kind.stored, keyOf(namespace, name)) !== undefined) throw alreadyExists(kind.resource, name);
  if (options.dryRun) return inOrder(kind, object);
  if (object.metadata.resourceVersion !== undefined)
    throw internalError('resourceVersion should not be set on objects to be created');
  return writeObject(api.log, kind, object);
}

/** The status of a new object is the server's. */
function emptyOf({ kind }: Call, { status }: KubeObject): JsonObject | undefined {
  if (kind.resource.custom) return undefined;
  return { ...kind.empty, ...(kind.resource.hasStatus && status !== undefined ? { status } : {}) };
}

function metadataRules({ kind: { nameRule, resource } }: Call) {
  return { nameRule, namespaced: resource.namespaced };
}

function prepare(api: Api, call: Call, given: KubeObject): KubeObject {
  const { kind } = call;
  const { status: _, ...rest } = given;
  const named = {
    ...(kind.resource.hasStatus ? (rest as KubeObject) : given),
    metadata: newMetadata(api, call, given.metadata),
  };
  const prepared = kind.prepare?.(named, undefined) ?? named;
  return withKindDefaults(prepared, kind);
}

function newMetadata(api: Api, { kind }: Call, given: ObjectMeta): ObjectMeta {
  const { selfLink: _, deletionTimestamp: __, deletionGracePeriodSeconds: ___, generation: ____, ...kept } = given;
  return {
    ...kept,
    name: nameOf(api, kind.stored, given),
    uid: randomUUID(),
    creationTimestamp: timeOf(api.clock),
    ...(kind.generation ? { generation: 1 } : {}),
  };
}

function nameOf(api: Api, stored: string, { name, generateName: prefix, namespace = '' }: ObjectMeta): string {
  if ((name as string | undefined) !== undefined) return name;
  if (prefix === undefined) return '';
  for (let attempt = 1; ; attempt++) {
    const generated = generateName(prefix, api.random);
    const isTaken = api.log.current(stored, keyOf(namespace, generated)) !== undefined;
    if (!isTaken || attempt === ATTEMPTS) return generated;
  }
}
