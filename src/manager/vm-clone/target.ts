// The copy becomes a VirtualMachine, which finds it by the uid of the VMClone. Once that is there, the VM is its.
import { GROUP, VERSION } from '#crd/manifests';
import { VIRTUAL_MACHINES } from '#crd/resources';
import { isReason } from '#kube/api';
import type { KubeObject } from '#kube/object';
import { CLONE_UID } from '../virtual-machine/owner.ts';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { nowText, statusOf } from './status.ts';
import { wishOf } from './wish.ts';

/** Whether the name is nobody's, or that of ours. */
export function isTargetFree(visit: Visit): boolean {
  const there = targetOf(visit);
  return there === undefined || isOurs(visit, there);
}

/** The VirtualMachine of the copy, as the cache has it. */
export function ownTarget(visit: Visit): KubeObject | undefined {
  const there = targetOf(visit);
  return there !== undefined && isOurs(visit, there) ? there : undefined;
}

function targetOf({ object, status, world }: Visit): KubeObject | undefined {
  const { targetRef } = status.fields as { targetRef?: { name: string } };
  const { target } = (object['spec'] ?? {}) as { target?: { name?: string } };
  const name = targetRef?.name ?? target?.name ?? object.metadata.name;
  return world.cache.get(VIRTUAL_MACHINES, { name, namespace: object.metadata.namespace });
}

function isOurs({ object }: Visit, { metadata }: KubeObject): boolean {
  return metadata.annotations?.[CLONE_UID] === object.metadata.uid;
}

export async function createTarget(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  const { name, namespace } = wishOf(visit).target;
  if (status.phase !== 'Customizing') {
    // Written down first: a VM that is gone afterwards was deleted with its VirtualMachine.
    status.phase = 'Customizing';
    return wait(0, 'Customizing', `VM ${status.targetVMID} becomes VirtualMachine ${name}.`);
  }
  try {
    if (ownTarget(visit) === undefined) await visit.world.api.create(VIRTUAL_MACHINES, virtualMachine(visit));
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const there = await visit.world.api.get(VIRTUAL_MACHINES, { name, namespace });
    if (there !== undefined && !isOurs(visit, there)) {
      return stuck(
        'TargetExists',
        `There is another VirtualMachine ${name}: VM ${status.targetVMID} waits for the name.`,
      );
    }
  }
  status.completionTime = nowText(visit);
  visit.tell('Normal', 'Created', `Created VirtualMachine ${name} for VM ${status.targetVMID}.`);
  return DONE;
}

/** What is not said is as the copy has it. */
function virtualMachine(visit: Visit) {
  const { object } = visit;
  const { target, powerOn } = wishOf(visit);
  const said = (object['spec'] as { target?: Readonly<Record<string, unknown>> }).target ?? {};
  const power = powerOn === undefined ? {} : { powerState: powerOn ? 'On' : 'Off' };
  const own = ['placementRef', 'networks', 'disks'].filter((field) => said[field] !== undefined);
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: 'VirtualMachine',
    metadata: {
      name: target.name,
      namespace: target.namespace,
      labels: { ...target.labels, 'virtrigaud.io/adopted': 'true' },
      annotations: { ...target.annotations, ...origin(visit) },
    },
    spec: { ...statusOf(visit).bound, ...Object.fromEntries(own.map((field) => [field, said[field]])), ...power },
  };
}

function origin(visit: Visit): Record<string, string> {
  const { name, uid } = visit.object.metadata;
  const { source, snapshot } = wishOf(visit);
  return {
    'virtrigaud.io/cloned-from': source?.name ?? snapshot?.name ?? '',
    'virtrigaud.io/clone': name,
    [CLONE_UID]: uid,
  };
}

export async function tellReady(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  status.phase = 'Ready';
  status.message = `VM ${status.targetVMID} is VirtualMachine ${status.targetRef?.name}.`;
  visit.status.setCondition('Ready', 'True', 'Ready', status.message);
  return await Promise.resolve(DONE);
}
