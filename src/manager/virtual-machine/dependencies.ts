// What a VirtualMachine refers to: a condition for each kind of it.
import { referencesOf } from '#crd/references';
import type { Manifest } from '#crd/manifests';
import { VM_CLASSES, VM_NETWORK_ATTACHMENTS, VM_PLACEMENT_POLICIES } from '#crd/resources';
import { invalidSpec } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { VirtualMachine } from '#domain/virtual-machine';
import { SECRETS, type Resource } from '#kube/resource';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { oncePerVisit } from '../work/once-per-visit.ts';
import { DONE, type Outcome, stuck, type Why } from '../work/outcome.ts';
import { isMade } from './status.ts';
import { wishOf } from './wish.ts';

export type NeededKind = 'VMClass' | 'VMNetworkAttachment' | 'Secret' | 'VMPlacementPolicy';

interface Needed {
  readonly kind: NeededKind;
  readonly ref: ObjectRef;
  /** Where it is named, under `spec`. */
  readonly field: string;
}

const KINDS: Readonly<Record<NeededKind, { resource: Resource; condition: string; reason: string }>> = {
  VMClass: { resource: VM_CLASSES, condition: 'ClassFound', reason: 'ClassNotFound' },
  VMNetworkAttachment: { resource: VM_NETWORK_ATTACHMENTS, condition: 'NetworksFound', reason: 'NetworkNotFound' },
  Secret: { resource: SECRETS, condition: 'SecretsFound', reason: 'SecretNotFound' },
  VMPlacementPolicy: { resource: VM_PLACEMENT_POLICIES, condition: 'PolicyFound', reason: 'PolicyNotFound' },
};

function neededBy(vm: VirtualMachine): Needed[] {
  const classes = vm.vmClass === undefined ? [] : [{ kind: 'VMClass' as const, ref: vm.vmClass, field: 'classRef' }];
  return [...classes, ...referencesOf(vm)];
}

export interface Dependencies {
  readonly vmClass: Manifest | undefined;
  readonly others: readonly Manifest[];
  readonly missing: readonly (Why & { readonly kind: NeededKind })[];
}

export const dependenciesOf = oncePerVisit((visit): Dependencies => {
  const { cache } = visit.world;
  const needed = neededBy(wishOf(visit).vm).map((need) => ({
    ...need,
    object: cache.get(KINDS[need.kind].resource, need.ref),
  }));
  const manifests = needed.flatMap(({ object }) => (object === undefined ? [] : [manifestOf(object)]));
  return {
    vmClass: manifests.find(({ kind }) => kind === 'VMClass'),
    others: manifests.filter(({ kind }) => kind !== 'VMClass'),
    missing: needed.filter(({ object }) => object === undefined).map(whyMissing),
  };
});

function whyMissing({ kind, ref, field }: Needed): Why & { readonly kind: NeededKind } {
  const message = `${kind} "${ref.name}" not found in namespace "${ref.namespace}" (spec.${field}).`;
  return { kind, reason: KINDS[kind].reason, message };
}

/** A VM that is there already is looked after without them; what has to change in it waits. */
export async function findDependencies(visit: Visit): Promise<Outcome> {
  const { vm } = wishOf(visit);
  const { missing } = dependenciesOf(visit);
  for (const kind of Object.keys(KINDS) as NeededKind[]) setCondition(visit, kind, vm);
  if (isMade(visit)) return await Promise.resolve(DONE);
  const [first] = missing;
  if (first !== undefined) return stuck(first.reason, first.message);
  if (vm.vmClass !== undefined) return DONE;
  throw invalidSpec(`VirtualMachine ${vm.name}: spec.classRef`, 'it names no VMClass', 'Set classRef.name');
}

function setCondition(visit: Visit, kind: NeededKind, vm: VirtualMachine): void {
  const { condition } = KINDS[kind];
  const named = neededBy(vm).filter((need) => need.kind === kind);
  const missing = dependenciesOf(visit).missing.find((one) => one.kind === kind);
  if (missing !== undefined) visit.status.setCondition(condition, 'False', missing.reason, missing.message);
  else if (named.length === 0) visit.status.removeCondition(condition);
  else {
    const names = named.map(({ ref }) => ref.name);
    visit.status.setCondition(condition, 'True', 'Found', `${kind} ${[...new Set(names)].join(', ')} is there.`);
  }
}
