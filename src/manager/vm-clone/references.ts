// What else the clone refers to: its class, its policy, and the Secrets with documents for its guest.
import type { Manifest } from '#crd/manifests';
import { VM_CLASSES, VM_PLACEMENT_POLICIES } from '#crd/resources';
import type { ObjectRef } from '#domain/object-ref';
import { type Resource, SECRETS } from '#kube/resource';
import { policyNameFor } from '../virtual-machine/policy-binding.ts';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { oncePerVisit } from '../work/once-per-visit.ts';
import { DONE, type Outcome, stuck } from '../work/outcome.ts';
import { isCopied } from './status.ts';
import { wishOf } from './wish.ts';

export interface References {
  readonly vmClass: Manifest | undefined;
  readonly policy: Manifest | undefined;
  readonly secrets: readonly Manifest[];
}

interface Needed {
  readonly resource: Resource;
  readonly ref: ObjectRef;
  readonly condition: string;
}

function neededBy(visit: Visit): Needed[] {
  const { target, customization } = wishOf(visit);
  const { namespace } = target;
  const policy = policyNameFor(target.policy, visit);
  const secrets = [customization.userData?.secret?.secret, customization.sshKeys?.secret?.secret];
  return [
    ...needed(VM_CLASSES, 'ClassFound', target.vmClass),
    ...needed(VM_PLACEMENT_POLICIES, 'PolicyFound', policy === undefined ? undefined : { name: policy, namespace }),
    ...secrets.flatMap((ref) => needed(SECRETS, 'SecretsFound', ref)),
  ];
}

function needed(resource: Resource, condition: string, ref: ObjectRef | undefined): Needed[] {
  return ref === undefined ? [] : [{ resource, condition, ref }];
}

/** As the cache has them. */
export const referencesOf = oncePerVisit((visit): References => {
  const found = (resource: Resource): Manifest[] =>
    neededBy(visit).flatMap((need) => {
      const object = need.resource === resource ? visit.world.cache.get(resource, need.ref) : undefined;
      return object === undefined ? [] : [manifestOf(object)];
    });
  return {
    vmClass: found(VM_CLASSES)[0],
    policy: found(VM_PLACEMENT_POLICIES)[0],
    secrets: found(SECRETS),
  };
});

/** A condition for each kind of them. */
export async function findReferences(visit: Visit): Promise<Outcome> {
  if (isCopied(visit)) return await Promise.resolve(DONE);
  const all = neededBy(visit);
  for (const type of ['ClassFound', 'PolicyFound', 'SecretsFound']) {
    if (!all.some(({ condition }) => condition === type)) visit.status.removeCondition(type);
  }
  const missing: Outcome[] = [];
  for (const { resource, ref, condition } of all) {
    const isThere = visit.world.cache.get(resource, ref) !== undefined;
    const [reason, message] = isThere
      ? ['Found', `${resource.kind} ${ref.name} is there.`]
      : [`${resource.kind}NotFound`, `${resource.kind} "${ref.name}" not found in namespace "${ref.namespace}".`];
    visit.status.setCondition(condition, isThere ? 'True' : 'False', reason, message);
    if (!isThere) missing.push(stuck(reason, message));
  }
  return missing[0] ?? DONE;
}
