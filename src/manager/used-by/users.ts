// The VirtualMachines that are of a class, on a network, or follow a policy: its status tells how many.
import { VIRTUAL_MACHINES } from '#crd/resources';
import { type KubeObject, keyOf } from '#kube/object';
import type { Resource } from '#kube/resource';
import { namedBy, type Naming, type Reference } from '../virtual-machine/concerns.ts';
import type { Concern, Visit } from '../work/controller.ts';

/** What the spec of a VirtualMachine names of one kind, completed by what is bound; undefined where its namespace decides. */
export type Named = (spec: Naming) => readonly (Reference | undefined)[];

/** In order of their names. */
export function usersOf({ object, world }: Visit, named: Named): KubeObject[] {
  const users = world.cache.list(VIRTUAL_MACHINES).filter((vm) => uses(vm, named, object));
  return users.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
}

/** A VirtualMachine that comes, goes, or names another one concerns this one and that. */
export function asUsersChange(resource: Resource, named: Named): Concern {
  const look = (vm: KubeObject | undefined): string =>
    vm === undefined ? '' : JSON.stringify(named(namedBy(vm)).map((ref) => [ref?.namespace, ref?.name]));
  const orDefault: Named = (spec) => named(spec).map((ref) => ref ?? {});
  return {
    resource: VIRTUAL_MACHINES,
    matters: (next, previous) => look(next) !== look(previous),
    whom: (vm, cache) =>
      cache
        .list(resource)
        .filter((object) => uses(vm, orDefault, object))
        .map(keyOf),
  };
}

/** A reference without a name means any of its namespace. */
function uses(vm: KubeObject, named: Named, { metadata: { name, namespace } }: KubeObject): boolean {
  const means = (ref: Reference): boolean =>
    (ref.name ?? name) === name && (ref.namespace ?? vm.metadata.namespace) === namespace;
  return named(namedBy(vm)).some((ref) => ref !== undefined && means(ref));
}
