// Snapshots that go by themselves: too old ones, and those whose VM is gone.
import { VIRTUAL_MACHINES, VM_SNAPSHOTS } from '#crd/resources';
import { keyOf } from '#kube/object';
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
  return await deleteObject(visit, `VirtualMachine ${vm.name} is gone, and ${titleOf(visit)} with it.`);
}

export async function expire(visit: Visit): Promise<Outcome> {
  const { maxAgeMs, maxCount, graceMs, pinned } = wishOf(visit).retention;
  const status = statusOf(visit);
  if (maxCount === undefined) visit.status.removeCondition('RetentionHonoured');
  else visit.status.setCondition('RetentionHonoured', 'False', 'MaxCountNotSupported', 'maxCount is not applied yet.');
  if (maxAgeMs === undefined || pinned || status.creationTime === undefined) {
    status.expiryTime = undefined;
    return DONE;
  }
  const expiresAt = Date.parse(status.creationTime) + Math.max(maxAgeMs, graceMs);
  status.expiryTime = new Date(expiresAt).toISOString();
  const leftMs = expiresAt - visit.world.clock.realNow();
  if (leftMs > 0) return { kind: 'done', againMs: leftMs };
  status.phase = 'Expired';
  return await deleteObject(visit, `${titleOf(visit)} has become older than its retentionPolicy lets it.`);
}

async function deleteObject(visit: Visit, message: string): Promise<Outcome> {
  const { object, world } = visit;
  visit.tell('Normal', 'Expired', message);
  await world.api.delete(VM_SNAPSHOTS, keyOf(object), { uid: object.metadata.uid });
  return wait(60, 'Expired', message);
}
