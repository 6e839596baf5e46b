// `DELETE .../snapshot/{snapname}` (pve-behaviour 14.5), and the way back from a snapshot that failed.
import { withConfigLock } from '../../locks/config-lock.ts';
import { withMigrationLock } from '../../locks/migration-lock.ts';
import { failureText } from '../../process.ts';
import { failure } from '../../pve-error.ts';
import type { Sim } from '../../sim.ts';
import { dataDrives } from '../../storage/drive-features.ts';
import type { Worker } from '../../tasks/worker.ts';
import { drivesOf } from '../../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../../world/guests.ts';
import type { Guest } from '../../world/world.ts';
import { addUnused, dropUsedAgain } from '../guest-volumes.ts';
import { checkWritable } from '../config-file.ts';
import { freeVmstate, withoutVmstate } from '../vmstate.ts';
import { requireSnapshot, unlinkFromParent } from './sections.ts';
import { dropVolumeSnapshot } from './volumes.ts';

export interface SnapshotDeletion {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly name: string;
  /** The config's entry goes even where the storage fails. */
  readonly force: boolean;
}

/** @returns the UPID */
export function deleteSnapshot(sim: Sim, deletion: SnapshotDeletion): string {
  const { node, vmid, user, force } = deletion;
  return sim.tasks.fork({ node, type: 'qmdelsnapshot', id: String(vmid), user }, async (worker) => {
    const work = async (): Promise<void> => await runDelete(sim, worker, deletion);
    await (force ? work() : withMigrationLock(sim, worker, { node, vmid }, work));
  });
}

async function runDelete(sim: Sim, worker: Worker, { node, vmid, name, force }: SnapshotDeletion): Promise<void> {
  // A snapshot that is not there needs no lock to be missed.
  requireSnapshot(requireQemu(sim.world, node, vmid), name);
  const guest = await withConfigLock(sim, worker, { node, vmid }, async () => {
    const before = await Promise.resolve(requireQemu(sim.world, node, vmid));
    checkNoLock(before);
    if (isTemplate(before)) throw failure("you can't delete a snapshot if vm is a template");
    requireSnapshot(before, name);
    checkWritable(sim, node, vmid);
    before.config['lock'] = 'snapshot-delete';
    return before;
  });
  await removeSnapshot(sim, worker, guest, name, { force });
}

export interface Removal {
  readonly force: boolean;
  /** The drives that have the snapshot; all of its section where absent. */
  readonly onlyDrives?: readonly string[];
}

/** What is done is taken out of the section step by step, so that a second try goes on where the first one failed. */
export async function removeSnapshot(
  sim: Sim,
  worker: Worker,
  guest: Guest,
  name: string,
  { force, onlyDrives }: Removal,
): Promise<void> {
  requireSnapshot(guest, name)['snapstate'] = 'delete';
  const attempt = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!force) throw error;
      worker.log(failureText(error));
    });
  };
  const { vmstate } = requireSnapshot(guest, name);
  if (vmstate !== undefined) {
    await attempt(freeVmstate(sim, worker, guest, vmstate));
    guest.snapshots[name] = withoutVmstate(requireSnapshot(guest, name));
  }
  const drives = dataDrives(drivesOf(requireSnapshot(guest, name)));
  for (const [key, drive] of drives) {
    if (onlyDrives?.includes(key) === false) continue;
    await attempt(dropVolumeSnapshot(sim, worker, guest, drive, name));
    if (!force) delete requireSnapshot(guest, name)[key];
  }
  await withConfigLock(sim, worker, guest, async () => {
    unlinkFromParent(guest, name);
    delete guest.snapshots[name];
    delete guest.config['lock'];
    for (const [, { file }] of drives) addUnused(guest, file);
    dropUsedAgain(guest);
    await Promise.resolve();
  });
}
