// VMPlacementPolicies: which VirtualMachines follow each, and what of it cannot be followed yet.
import { VM_PLACEMENT_POLICIES } from '#crd/resources';
import { normalisePlacementPolicy } from '#crd/vm-placement-policy/normalise';
import { keyOf } from '#kube/object';
import { asUsersChange, type Named, usersOf } from '../used-by/users.ts';
import { honourWords, unhonoured } from '../virtual-machine/policy.ts';
import { defaultPolicyOf } from '../virtual-machine/policy-binding.ts';
import type { Controller, Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { DONE, type Outcome } from '../work/outcome.ts';

/** As the status has room for. */
const MOST_USERS = 1000;

const named: Named = ({ placementRef }) => [placementRef];

export const vmPlacementPolicyController: Controller = {
  resource: VM_PLACEMENT_POLICIES,
  concerns: [
    asUsersChange(VM_PLACEMENT_POLICIES, named),
    // Another one may be the default of the namespace now.
    {
      resource: VM_PLACEMENT_POLICIES,
      whom: ({ metadata: { namespace } }, cache) => cache.list(VM_PLACEMENT_POLICIES, namespace).map(keyOf),
    },
  ],
  phases: [judgePolicy],
};

async function judgePolicy(visit: Visit): Promise<Outcome> {
  const { status } = visit;
  const { name } = visit.object.metadata;
  const users = usersOf(visit, followedBy(visit)).slice(0, MOST_USERS);
  status.fields['usedByVMs'] = users.map(({ metadata }) => ({ name: metadata.name }));
  const left = unhonoured(normalisePlacementPolicy(manifestOf(visit.object)));
  status.setCondition('Honoured', ...honourWords(name, left));
  status.setCondition('Ready', 'True', 'Valid', 'VirtualMachines can follow it.');
  return await Promise.resolve(DONE);
}

/** Those that name none follow the default of their namespace. */
function followedBy({ object, world }: Visit): Named {
  const { namespace = '', name } = object.metadata;
  const isDefault = defaultPolicyOf(world.cache, namespace)?.metadata.name === name;
  return (spec) => [spec.placementRef ?? (isDefault ? { name } : undefined)];
}
