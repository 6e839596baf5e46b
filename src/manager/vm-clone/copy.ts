// The copy is made. Whoever asks a second time, as after a crash, gets the first one: the provider knows it by the uid of
// the VMClone. What is refused is tried again, later each time.
import { Fault } from '#domain/fault';
import { ownerOf } from '../virtual-machine/owner.ts';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { cloneRequest } from './order.ts';
import { callOf, clientOf } from './provider.ts';
import { sourceOf } from './source.ts';
import { boundProvider, isBegun, isCopied, nowText, ownerOfCopy, statusOf } from './status.ts';
import { isTargetFree } from './target.ts';
import { wishOf } from './wish.ts';

/** A copy that takes longer becomes a task, and keeps no worker. */
const CLONE_MS = 60_000;

export async function makeCopy(visit: Visit): Promise<Outcome> {
  if (isCopied(visit)) return DONE;
  const { target } = wishOf(visit);
  if (!isTargetFree(visit)) {
    const message = `There is a VirtualMachine ${target.name} already. Set spec.target.name, or delete it.`;
    return stuck('TargetExists', message);
  }
  // It may be wrong: that is told before anything is begun.
  const request = cloneRequest(visit);
  if (!isBegun(visit)) return begin(visit);
  bind(visit);
  const status = statusOf(visit);
  try {
    const { provider, object } = sourceOf(visit);
    const options = { owner: ownerOf(object), objectUid: ownerOfCopy(visit).uid ?? '', signal: visit.signal };
    const { targetVmId, task } = await clientOf(visit, provider).clone(request, { ...options, deadlineMs: CLONE_MS });
    status.targetVMID = targetVmId;
    status.taskRef = task?.id;
    status.phase = 'Cloning';
    return task === undefined ? DONE : wait(2, 'Cloning', `VM ${targetVmId} is being copied.`);
  } catch (error) {
    if (!(error instanceof Fault) || visit.signal.aborted) throw error;
    if (error.kind === 'already-exists' && (await findCopy(visit))) return DONE;
    failed(visit, passes(error));
    throw error;
  }
}

/** Written down before anything is asked for, so that a deletion knows that there may be a copy. */
function begin(visit: Visit): Outcome {
  const status = statusOf(visit);
  const { target } = wishOf(visit);
  status.phase = 'Cloning';
  status.startTime = nowText(visit);
  status.targetRef = { name: target.name };
  bind(visit);
  const { object } = sourceOf(visit);
  return wait(0, 'Cloning', `VirtualMachine ${object.metadata.name} is being copied to ${target.name}.`);
}

/** What the new VirtualMachine will have of the source, which may be gone by then. */
function bind(visit: Visit): void {
  const { object, provider } = sourceOf(visit);
  const { target } = wishOf(visit);
  const { classRef, resources } = (object['spec'] ?? {}) as NonNullable<ReturnType<typeof statusOf>['bound']>;
  const status = statusOf(visit);
  status.providerEndpoint ??= visit.world.providers.endpointOf(provider);
  status.bound = {
    providerRef: { name: provider.name, namespace: provider.namespace },
    // Another class says other sizes.
    ...(target.vmClass === undefined
      ? { ...(classRef === undefined ? {} : { classRef }), ...(resources === undefined ? {} : { resources }) }
      : { classRef: { name: target.vmClass.name } }),
  };
}

export function failed(visit: Visit, isPassing: boolean): void {
  const status = statusOf(visit);
  status.phase = isPassing ? 'Cloning' : 'Failed';
  status.retryCount = (status.retryCount ?? 0) + 1;
  status.lastRetryTime = nowText(visit);
}

/** A finished copy that an earlier request of ours has made. */
async function findCopy(visit: Visit): Promise<boolean> {
  const { exists, providerRawJson } = await clientOf(visit, boundProvider(visit)).describe({ id: '' }, callOf(visit));
  const { vmid } = exists ? (JSON.parse(providerRawJson) as { vmid?: string }) : {};
  if (vmid === undefined) return false;
  statusOf(visit).targetVMID = vmid;
  return true;
}
