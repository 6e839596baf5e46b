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
import { isMade } from './status.ts';
import { wishOf } from './wish.ts';

export async function judgePolicy(visit: Visit): Promise<Outcome> {
  const { policy } = wishOf(visit).vm;
  const object = policy === undefined ? undefined : visit.world.cache.get(VM_PLACEMENT_POLICIES, policy);
  if (policy === undefined || object === undefined) {
    visit.status.removeCondition('PolicyHonoured');
    return await Promise.resolve(DONE);
  }
  const { status } = visit;
  const left = judge(visit, object);
  if (left instanceof Fault) {
    status.setCondition('PolicyHonoured', 'False', whyOf(left).reason, left.message);
    return DONE;
  }
  status.setCondition('PolicyHonoured', ...honourWords(policy.name, left));
  return DONE;
}

/** A policy that is wrong keeps nobody from a VM that is there; else it is thrown. */
function judge(visit: Visit, policy: KubeObject): readonly string[] | Fault {
  try {
    return unhonoured(normalisePlacementPolicy(manifestOf(policy)));
  } catch (error) {
    if (!(error instanceof Fault) || !isMade(visit)) throw error;
    return error;
  }
}

/** How far it can be followed: state, reason and message of a condition. */
export function honourWords(name: string, left: readonly string[]): [ConditionState, string, string] {
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
