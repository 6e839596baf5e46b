// CustomResourceDefinitions: what the server fills in, and what a definition has to be to define anything.
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { textOf } from '../shape.ts';
import type { Cause } from '../status.ts';
import { wrongDefinition } from './check-definition.ts';
import { celRulesIn } from './cel-rules.ts';
import { conditionsOf, withCondition } from './conditions.ts';
import { members, ownKind } from './own-kind.ts';

export const CUSTOM_RESOURCE_DEFINITIONS = ownKind('customresourcedefinitions.apiextensions.k8s.io', {
  unconditionalUpdate: false,
  generation: true,
  prepare: (definition, old) => withStatus(withNames(definition), old),
  beforeDelete: (definition, time) => {
    // It is marked by itself: that is no change of what is wanted, and nobody gets time to see to it.
    const { deletionGracePeriodSeconds: _, generation = 1, ...rest } = definition.metadata;
    const metadata = { ...rest, generation: generation - 1 };
    const finalizers = [...new Set([...(metadata.finalizers ?? []), CLEANUP])];
    const conditions = withCondition(conditionsOf(definition), TERMINATING, time);
    const status = { ...members(definition['status']), conditions };
    return { ...definition, metadata: { ...metadata, finalizers }, status };
  },
  empty: { spec: { group: '', names: { plural: '', kind: '' }, scope: '', versions: null } },
  warnings: notPlayed,
  check: (definition, old): readonly Cause[] => wrongDefinition(definition, old),
});

/** Keeps a definition until its objects are gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

const TERMINATING = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionPending',
  message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
} as const;

/** What is derived from the kind where it is not said. */
function withNames(definition: KubeObject): KubeObject {
  // False is what it is anyway.
  const { preserveUnknownFields: free, ...rest } = members(definition['spec']);
  const spec = free === true ? { ...rest, preserveUnknownFields: free } : rest;
  const names = members(spec['names']);
  const kind = textOf(names['kind']);
  const filled: JsonObject = {
    ...names,
    singular: names['singular'] || kind.toLowerCase(),
    listKind: names['listKind'] || (kind === '' ? '' : `${kind}List`),
  };
  const conversion = spec['conversion'] ?? { strategy: 'None' };
  return { ...definition, spec: { ...spec, names: filled, conversion } };
}

/** What of it is kept and published, but not acted upon. */
function notPlayed(definition: KubeObject): string[] {
  const rules = celRulesIn(definition['spec'], 'spec');
  return [
    ...rules.map(
      ({ path, rule }) => `${path}: the CEL rule ${JSON.stringify(rule)} is kept and published, but not evaluated`,
    ),
    ...scales(definition).map((path) => `${path}: is kept and published, but /scale is not served`),
  ];
}

function scales(definition: KubeObject): string[] {
  const { versions } = members(definition['spec']);
  if (!Array.isArray(versions)) return [];
  return versions.flatMap((version: Json, index) => {
    const { scale } = members(members(version)['subresources']);
    return scale === undefined ? [] : [`spec.versions[${index}].subresources.scale`];
  });
}

/** Before anybody has looked at a new one, nothing of it is accepted (recording 001). */
function withStatus(definition: KubeObject, old: KubeObject | undefined): KubeObject {
  const status = members(old?.['status'] ?? { conditions: null, acceptedNames: { plural: '', kind: '' } });
  const known = (status['storedVersions'] ?? []) as readonly Json[];
  const storage = storageVersion(definition);
  const storedVersions = storage === undefined || known.includes(storage) ? known : [...known, storage];
  return { ...definition, status: { ...status, storedVersions } };
}

function storageVersion(definition: KubeObject): string | undefined {
  const versions = members(definition['spec'])['versions'];
  if (!Array.isArray(versions)) return undefined;
  const storage = versions.map((version: Json) => members(version)).find((version) => version['storage'] === true);
  return typeof storage?.['name'] === 'string' ? storage['name'] : undefined;
}
