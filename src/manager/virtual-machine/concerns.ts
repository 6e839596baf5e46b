// Whose changes a VirtualMachine has to see.
import {
  PROVIDERS,
  VIRTUAL_MACHINES,
  VM_CLASSES,
  VM_IMAGES,
  VM_NETWORK_ATTACHMENTS,
  VM_PLACEMENT_POLICIES,
} from '#crd/resources';
import type { Cache } from '#kube/cache';
import { type KubeObject, keyOf, type ObjectKey } from '#kube/object';
import { type Resource, SECRETS } from '#kube/resource';
import type { Concern } from '../work/controller.ts';
import { boundIn, withBound } from './bound.ts';
import { reverts } from './reverts.ts';

export interface Reference {
  readonly name?: string;
  readonly namespace?: string;
}

/** The parts of a spec that name other objects. */
export interface Naming {
  readonly providerRef?: Reference;
  readonly classRef?: Reference;
  readonly imageRef?: Reference;
  readonly placementRef?: Reference;
  readonly networks?: readonly { readonly networkRef?: Reference }[];
  readonly userData?: Readonly<Record<string, { readonly secretRef?: Reference } | undefined>>;
  readonly metaData?: Readonly<Record<string, { readonly secretRef?: Reference } | undefined>>;
}

type Named = (spec: Naming, vm: KubeObject) => readonly (Reference | undefined)[];

const secretsOf = (documents: Naming['userData']): (Reference | undefined)[] =>
  Object.values(documents ?? {}).map((document) => document?.secretRef);

export const concerns: readonly Concern[] = [
  { ...naming(PROVIDERS, ({ providerRef }, vm) => [providerRef, boundTo(vm)]), matters: isChanged(readiness) },
  naming(VM_CLASSES, ({ classRef }) => [classRef]),
  { ...naming(VM_IMAGES, ({ imageRef }) => [imageRef]), matters: isChanged(({ spec, status }) => [spec, status]) },
  naming(VM_NETWORK_ATTACHMENTS, ({ networks = [] }) => networks.map(({ networkRef }) => networkRef)),
  naming(SECRETS, ({ userData, metaData }) => [...secretsOf(userData), ...secretsOf(metaData)]),
  { resource: VM_PLACEMENT_POLICIES, whom: followers },
  reverts,
];

/** Those whose manifest, or what is bound of it, names the changed object. */
function naming(resource: Resource, named: Named): Concern {
  return {
    resource,
    whom: ({ metadata }, cache) =>
      cache
        .list(VIRTUAL_MACHINES)
        .filter((vm) => names(vm, named, metadata))
        .map(keyOf),
  };
}

function names(vm: KubeObject, named: Named, { name, namespace }: KubeObject['metadata']): boolean {
  const own = vm.metadata.namespace;
  return named(namedBy(vm), vm).some((ref) => ref?.name === name && (ref.namespace ?? own) === namespace);
}

/** An object of the cache is never changed, and every change of another one asks all of them. */
const known = new WeakMap<KubeObject, Naming>();

/** What its spec names, completed by what is bound. */
export function namedBy(vm: KubeObject): Naming {
  const naming: Naming =
    known.get(vm) ?? withBound((vm['spec'] ?? {}) as Record<string, unknown>, boundIn(vm['status'] ?? {}));
  known.set(vm, naming);
  return naming;
}

/** The Provider that has it, whatever its manifest says by now; else the one that it asks for. */
export function boundTo({ spec, status }: KubeObject): Reference | undefined {
  const { bound } = (status ?? {}) as { bound?: Naming };
  return bound?.providerRef ?? ((spec ?? {}) as Naming).providerRef;
}

/** A policy may be the default of its namespace, or no longer be the only one. */
function followers({ metadata: { name, namespace } }: KubeObject, cache: Cache): ObjectKey[] {
  const vms = cache.list(VIRTUAL_MACHINES, namespace);
  return vms.filter((vm) => (namedBy(vm).placementRef?.name ?? name) === name).map(keyOf);
}

type Look = (object: KubeObject) => unknown;

function isChanged(look: Look): NonNullable<Concern['matters']> {
  const text = (object: KubeObject | undefined): string =>
    object === undefined ? '' : (JSON.stringify(look(object)) ?? '');
  return (next, previous) => text(next) !== text(previous);
}

function readiness({ spec, status }: KubeObject): unknown {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
  return [spec, conditions.map(({ type, status: state }) => [type, state])];
}
