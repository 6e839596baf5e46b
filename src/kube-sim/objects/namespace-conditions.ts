// What a Terminating namespace still waits for, in the conditions and words of the real namespace controller.
import { type Condition, withCondition } from '../kinds/conditions.ts';
import type { Kind } from '../kinds/kind.ts';
import { members } from '../kinds/own-kind.ts';
import type { Json, JsonObject, KubeObject } from '../object.ts';

/** Objects of one kind that are left. */
export interface Remaining {
  readonly kind: Kind;
  readonly objects: readonly KubeObject[];
}

export function withRemaining(namespace: KubeObject, remaining: readonly Remaining[], time: string): KubeObject {
  const status = members(namespace['status']);
  const before = Array.isArray(status['conditions']) ? status['conditions'].map((one: Json) => members(one)) : [];
  const conditions = [...WENT_WELL, ...whatRemains(remaining)].reduce<readonly JsonObject[]>(
    (all, condition) => withCondition(all, condition, time),
    before,
  );
  return { ...namespace, status: { ...status, conditions: [...conditions] } };
}

const WENT_WELL: readonly Condition[] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
].map(([type = '', reason = '', message = '']) => ({ type, status: 'False', reason, message }));

function whatRemains(remaining: readonly Remaining[]): readonly Condition[] {
  const resources = remaining.map(
    ({ kind: { resource }, objects }) =>
      `${resource.plural}.${resource.group} has ${objects.length} resource instances`,
  );
  const finalizers = counted(remaining.flatMap(({ objects }) => objects).flatMap(finalizersOf));
  const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`);
  return [
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${listed(resources)}`,
    },
    held.length === 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${listed(held)}`,
        },
  ];
}

function finalizersOf({ metadata }: KubeObject): readonly string[] {
  return metadata.finalizers ?? [];
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function listed(texts: readonly string[]): string {
  return texts.toSorted().join(', ');
}
