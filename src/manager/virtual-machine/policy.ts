// What a policy asks for and no provider can do yet is told at every VM that follows it.
import { VM_PLACEMENT_POLICIES } from '#crd/resources';
import { normalisePlacementPolicy } from '#crd/vm-placement-policy/normalise';
import { Fault } from '#domain/fault';
import type { PlacementPolicy } from '#domain/placement-policy';
import type { KubeObject } from '#kube/object';
import type { Visit } from '../work/controller.ts';
import { whyOf } from '../work/fault-outcome.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { DONE, type Outcome } from '../work/outcome.ts';
import type { ConditionState } from '../work/status-draft.ts';
import { isMade, statusOf, vmTitle } from './status.ts';
import { wishOf } from './wish.ts';

export async function judgePolicy(visit: Visit): Promise<Outcome> {
  const { policy } = wishOf(visit).vm;
  const object = policy === undefined ? undefined : visit.world.cache.get(VM_PLACEMENT_POLICIES, policy);
  if (policy === undefined || object === undefined) {
    visit.status.removeCondition('PolicyHonoured');
    return await Promise.resolve(DONE);
  }
  const { status } = visit;
  const said = judge(visit, object);
  if (said instanceof Fault) {
    status.setCondition('PolicyHonoured', 'False', whyOf(said).reason, said.message);
    return DONE;
  }
  const words = elsewhereWords(visit, policy.name, said) ?? honourWords(policy.name, unhonoured(said));
  status.setCondition('PolicyHonoured', ...words);
  return DONE;
}

/** A policy that is wrong keeps nobody from a VM that is there; else it is thrown. */
function judge(visit: Visit, policy: KubeObject): PlacementPolicy | Fault {
  try {
    return normalisePlacementPolicy(manifestOf(policy));
  } catch (error) {
    if (!(error instanceof Fault) || !isMade(visit)) throw error;
    return error;
  }
}

type Words = [status: ConditionState, reason: string, message: string];

/** Of a VM that is not where its policy lets VMs be: it may be older than the policy, or somebody has moved it. */
function elsewhereWords(visit: Visit, name: string, { nodes }: PlacementPolicy): Words | undefined {
  const node = statusOf(visit).provider?.['node'];
  const isElsewhere = node !== undefined && nodes.length > 0 && !nodes.includes(node);
  // A node that the VM names itself stands above its policy.
  if (!isElsewhere || wishOf(visit).vm.placement.node !== undefined) return undefined;
  const message = `${vmTitle(visit)} is on ${node}, and is not moved: VMPlacementPolicy ${name} names ${nodes.join(', ')}.`;
  return ['False', 'OnAnotherNode', message];
}

/** How far it can be followed: state, reason and message of a condition. */
export function honourWords(name: string, left: readonly string[]): Words {
  if (left.length === 0) return ['True', 'Honoured', `VMPlacementPolicy ${name} is followed.`];
  const message = `VMPlacementPolicy ${name}: ${left.join(', ')} cannot be followed yet; all else is.`;
  return ['False', 'PartlySupported', message];
}

/** What cannot be followed: the fields as the policy's author may have written them. */
export function unhonoured({ avoid, maxVmsPerNode, minFreeMemoryMib }: PlacementPolicy): string[] {
  return [
    ...(avoid.length === 0 ? [] : ['antiAffinity']),
    ...(maxVmsPerNode === undefined ? [] : ['constraints.maxVMsPerNode']),
    ...(minFreeMemoryMib === undefined ? [] : ['constraints.minFreeMemory']),
  ];
}
