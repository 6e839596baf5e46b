// Which VMPlacementPolicy a VirtualMachine follows: the one it names, else its namespace's default.
import { VM_PLACEMENT_POLICIES } from '#crd/resources';
import type { Cache } from '#kube/cache';
import type { KubeObject } from '#kube/object';
import type { Visit } from '../work/controller.ts';

const DEFAULT_POLICY = 'virtrigaud.io/default-policy';

/** undefined: none applies. */
export function policyNameFor(placementRef: unknown, { object, world }: Visit): string | undefined {
  const named = (placementRef as { name?: string } | undefined)?.name;
  return named ?? defaultPolicyOf(world.cache, object.metadata.namespace ?? '')?.metadata.name;
}

/** The one that is annotated as default (of several the one of the highest priority), or the only one there is. */
export function defaultPolicyOf(cache: Cache, namespace: string): KubeObject | undefined {
  const policies = cache.list(VM_PLACEMENT_POLICIES, namespace);
  const defaults = policies.filter(({ metadata }) => metadata.annotations?.[DEFAULT_POLICY] === 'true');
  if (defaults.length === 0) return policies.length === 1 ? policies[0] : undefined;
  return defaults.toSorted(
    (one, other) => priorityOf(other) - priorityOf(one) || one.metadata.name.localeCompare(other.metadata.name),
  )[0];
}

function priorityOf(policy: KubeObject): number {
  return (policy['spec'] as { priority?: number } | undefined)?.priority ?? 0;
}
