// Snapshots that go by themselves: too old ones, those of which there are newer ones enough, and those whose VM is gone.
import { VIRTUAL_MACHINES, VM_SNAPSHOTS } from '#crd/resources';
import type { VmSnapshotStatus } from '#crd/vm-snapshot/status';
import { type KubeObject, keyOf } from '#kube/object';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { isTaken, statusOf, titleOf } from './status.ts';
import { vmNamed } from './vm.ts';
import { wishOf } from './wish.ts';

export async function followVm(visit: Visit): Promise<Outcome> {
  const { retention } = wishOf(visit);
  const vm = vmNamed(visit);
  const isVmThere = visit.world.cache.get(VIRTUAL_MACHINES, vm) !== undefined;
  if (isVmThere || !isTaken(visit) || !retention.deleteWithVm) return DONE;
  return await deleteObject(visit, 'VMDeleted', `VirtualMachine ${vm.name} is gone, and ${titleOf(visit)} with it.`);
}

/** A policy is about its own object alone: nobody else's says that it goes. */
export async function expire(visit: Visit): Promise<Outcome> {
  const { maxAgeMs, maxCount, graceMs, pinned } = wishOf(visit).retention;
  const status = statusOf(visit);
  const newer = countNewer(visit);
  const isSurplus = maxCount !== undefined && newer >= maxCount;
  const mostMs = isSurplus ? 0 : maxAgeMs;
  if (mostMs === undefined || pinned || status.completionTime === undefined) {
    status.expiryTime = undefined;
    return DONE;
  }
  const { clock } = visit.world;
  // By our own clock: that of PVE may be another.
  const expiresAt = Date.parse(status.completionTime) + Math.max(mostMs, graceMs) / clock.factor;
  status.expiryTime = new Date(expiresAt).toISOString();
  const leftMs = (expiresAt - clock.realNow()) * clock.factor;
  if (leftMs > 0) return { kind: 'done', againMs: leftMs };
  status.phase = 'Expired';
  const why = isSurplus ? `there are ${newer} newer ones (maxCount)` : 'it is too old (maxAge)';
  return await deleteObject(visit, 'Expired', `${titleOf(visit)} is deleted, as its retentionPolicy says: ${why}.`);
}

/** Others of its VM that are there and stay. */
function countNewer(visit: Visit): number {
  const { uid, namespace } = visit.object.metadata;
  const { creationTime = '' } = statusOf(visit);
  const isNewer = (object: KubeObject): boolean => {
    const { phase, creationTime: other = '' } = (object['status'] ?? {}) as VmSnapshotStatus;
    return phase === 'Ready' && other > creationTime && object.metadata.deletionTimestamp === undefined;
  };
  return visit.world.cache
    .list(VM_SNAPSHOTS, namespace)
    .filter((object) => object.metadata.uid !== uid && vmNamed({ object }).name === vmNamed(visit).name)
    .filter(isNewer).length;
}

async function deleteObject(visit: Visit, reason: string, message: string): Promise<Outcome> {
  const { object, world } = visit;
  visit.tell('Normal', reason, message);
  await world.api.delete(VM_SNAPSHOTS, keyOf(object), { uid: object.metadata.uid });
  return wait(60, reason, message);
}
