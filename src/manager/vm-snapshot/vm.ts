// The VirtualMachine a snapshot is of, and whom to ask about it.
import { VIRTUAL_MACHINES } from '#crd/resources';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { VmSnapshotStatus } from '#crd/vm-snapshot/status';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { KubeObject } from '#kube/object';
import type { CallOptions, ProviderClient } from '#rpc/client';
import { ownerOf } from '../virtual-machine/owner.ts';
import { clientAt } from '../providers/ask.ts';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { isTaken, statusOf } from './status.ts';
import { wishOf } from './wish.ts';

/** A VM that the provider has. */
export interface MadeVm {
  readonly object: KubeObject;
  readonly id: string;
  readonly provider: ObjectRef;
}

/** The one that was asked for it, else the one its spec names, also where all else in it is wrong. */
export function vmNamed({ object }: Pick<Visit, 'object'>): ObjectRef {
  const { vmRef } = (object['spec'] ?? {}) as { vmRef?: { name?: string } };
  const { asked } = (object['status'] ?? {}) as VmSnapshotStatus;
  return { name: asked?.vm ?? vmRef?.name ?? '', namespace: object.metadata.namespace ?? '' };
}

/** undefined where there is no such object, or no VM of it yet. */
function madeVm(visit: Visit): MadeVm | undefined {
  const object = visit.world.cache.get(VIRTUAL_MACHINES, vmNamed(visit));
  if (object === undefined) return undefined;
  const { id = '', bound } = (object['status'] ?? {}) as VirtualMachineStatus;
  if (id === '' || bound?.providerRef === undefined) return undefined;
  const { name, namespace = object.metadata.namespace ?? '' } = bound.providerRef;
  return { object, id, provider: { name, namespace } };
}

/** Another VM may have got the name since: a snapshot stays one of the VM that it was taken of. */
export async function findVm(visit: Visit): Promise<Outcome> {
  const outcome = judge(visit);
  const [reason, message] =
    outcome.kind === 'done' ? ['Found', 'It is there.'] : [outcome.why.reason, outcome.why.message];
  visit.status.setCondition('VMReady', outcome.kind === 'done' ? 'True' : 'False', reason, message);
  return await Promise.resolve(outcome);
}

function judge(visit: Visit): Outcome {
  const { vm } = wishOf(visit);
  const { vmID, asked, phase } = statusOf(visit);
  if (asked?.vm !== undefined && asked.vm !== vm.name) {
    const wasRefused = phase === 'Failed' && !isTaken(visit);
    if (wasRefused) return forgetVm(visit);
    const message = `It is one of VirtualMachine ${asked.vm}. Set spec.vmRef back, or make another VMSnapshot.`;
    return stuck('VMChanged', message);
  }
  const object = visit.world.cache.get(VIRTUAL_MACHINES, vm);
  if (object === undefined) {
    return stuck('VMNotFound', `VirtualMachine "${vm.name}" not found in namespace "${vm.namespace}".`);
  }
  const made = madeVm(visit);
  if (made === undefined) return wait(30, 'VMNotReady', `VirtualMachine ${vm.name} is not made yet.`);
  if (vmID === undefined || vmID === made.id) return DONE;
  const message = `It was taken of VM ${vmID}, and VirtualMachine ${vm.name} is VM ${made.id} now.`;
  return isTaken(visit) ? stuck('VMReplaced', message) : DONE;
}

/** What another one refused is asked of the one that is named now. */
function forgetVm(visit: Visit): Outcome {
  const status = statusOf(visit);
  status.vmID = undefined;
  status.asked = undefined;
  return wait(0, 'VMChanged', 'It is asked for of another VirtualMachine.');
}

/** Throws `unavailable` where the Provider does not run. */
export function clientOf({ world }: Visit, { provider }: MadeVm): ProviderClient {
  return clientAt(world, provider);
}

/** Whose VM it is, and which object asks. */
export function callOf(visit: Visit, { object: vm }: MadeVm): CallOptions {
  return { owner: ownerOf(vm), objectUid: visit.object.metadata.uid, signal: visit.signal };
}

/** After `findVm`. */
export function requireVm(visit: Visit): MadeVm {
  const vm = madeVm(visit);
  if (vm !== undefined) return vm;
  throw new Fault('busy', { subject: `VirtualMachine ${vmNamed(visit).name}`, why: 'it is not there any more' });
}
