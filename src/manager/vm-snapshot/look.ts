// What PVE tells of the snapshot.
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { isTaken, statusOf, titleOf } from './status.ts';
import { callOf, clientOf, requireVm } from './vm.ts';
import { wishOf } from './wish.ts';

/** As the provider's Describe has it (docs/provider.md). */
interface Told {
  readonly name: string;
  readonly time?: string;
  readonly memory?: boolean;
  readonly parent?: string;
  /** Of one that is incomplete. */
  readonly state?: string;
  /** Why there is no memory in it, where some was asked for. */
  readonly note?: string;
}

/** One that is gone is not taken again: it would be of another moment. */
export async function lookAtSnapshot(visit: Visit): Promise<Outcome> {
  if (!isTaken(visit)) return DONE;
  const status = statusOf(visit);
  const vm = requireVm(visit);
  const { exists, providerRawJson } = await clientOf(visit, vm).describe({ id: vm.id }, callOf(visit, vm));
  if (!exists) return wait(30, 'VMGone', `VM ${vm.id} is not there: see VirtualMachine ${vm.object.metadata.name}.`);
  const told = snapshotsIn(providerRawJson)?.find(({ name }) => name === status.snapshotID);
  if (told === undefined) return gone(visit);
  if (told.state !== undefined) return incomplete(visit, told.state);
  status.creationTime = told.time;
  status.completionTime ??= new Date(visit.world.clock.realNow()).toISOString();
  status.hasMemory = told.memory === true;
  status.parent = told.parent === undefined ? undefined : { name: told.parent };
  status.message = `It is there, ${told.note ?? `${status.hasMemory ? 'with' : 'without'} memory`}.`;
  return DONE;
}

function incomplete(visit: Visit, state: string): Outcome {
  statusOf(visit).phase = 'Failed';
  const message = `${titleOf(visit)} is incomplete in Proxmox VE (${state}): there is no way back to it. Delete the object, or the snapshot.`;
  return stuck('SnapshotIncomplete', message);
}

export function gone(visit: Visit): Outcome {
  statusOf(visit).phase = 'Failed';
  const message = `${titleOf(visit)} is no longer there: somebody has deleted it in Proxmox VE. Delete the object.`;
  return stuck('SnapshotGone', message);
}

function snapshotsIn(raw: string): readonly Told[] | undefined {
  const { snapshots } = JSON.parse(raw) as { snapshots?: string };
  return snapshots === undefined ? undefined : (JSON.parse(snapshots) as Told[]);
}

/** What the object says of memory now may differ from what was taken. */
export async function tellOfMemory(visit: Visit): Promise<Outcome> {
  const { includeMemory } = wishOf(visit);
  const { asked } = statusOf(visit);
  if (asked === undefined || (asked.includeMemory ?? false) === includeMemory) {
    visit.status.removeCondition('MemoryAsWished');
    return await Promise.resolve(DONE);
  }
  const how = asked.includeMemory === true ? 'with' : 'without';
  const message = `It was taken ${how} memory, which cannot be changed. Make another VMSnapshot for one that is not.`;
  const before = visit.status.condition('MemoryAsWished');
  visit.status.setCondition('MemoryAsWished', 'False', 'MemoryCannotBeChanged', message);
  if (before?.status !== 'False') visit.tell('Warning', 'MemoryCannotBeChanged', message);
  return DONE;
}

/** A look for what people have deleted. */
const STEADY_SECONDS = 300;

export async function tellReady(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  status.phase = 'Ready';
  visit.status.setCondition('Ready', 'True', 'Ready', status.message ?? '');
  return await Promise.resolve({ kind: 'done', againMs: STEADY_SECONDS * 1000 });
}
