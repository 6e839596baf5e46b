// The VirtualMachines that are of a class, on a network, or follow a policy: its status tells how many.
import { VIRTUAL_MACHINES } from '#crd/resources';
import { type KubeObject, keyOf } from '#kube/object';
import type { Resource } from '#kube/resource';
import { namedBy, type Naming } from '../virtual-machine/concerns.ts';
import type { Concern, Visit } from '../work/controller.ts';

export interface Reference {
  readonly name?: string;
  readonly namespace?: string;
}

/** What the spec of a VirtualMachine names of one kind, completed by what is bound. */
export type Named = (spec: Naming) => readonly (Reference | undefined)[];

/** In order of their names. */
export function usersOf({ object, world }: Visit, named: Named): KubeObject[] {
  const { name, namespace } = object.metadata;
  const uses = (vm: KubeObject): boolean =>
    named(namedBy(vm)).some((ref) => ref?.name === name && (ref.namespace ?? vm.metadata.namespace) === namespace);
  const users = world.cache.list(VIRTUAL_MACHINES).filter(uses);
  return users.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
}

/** A VirtualMachine that comes, goes, or names another one concerns this one and that. */
export function asUsersChange(resource: Resource, named: Named): Concern {
  const look = (vm: KubeObject | undefined): string =>
    vm === undefined ? '' : JSON.stringify(named(namedBy(vm)).map((ref) => [ref?.namespace, ref?.name]));
  return {
    resource: VIRTUAL_MACHINES,
    matters: (next, previous) => look(next) !== look(previous),
    whom: (_changed, cache) => cache.list(resource).map(keyOf),
  };
}
