// Snapshots of single volumes, on the storage or by QEMU.
import { failure } from '../../pve-error.ts';
import type { Process } from '../../process.ts';
import { profileOfNode } from '../../profiles/profile-of-node.ts';
import type { Sim } from '../../sim.ts';
import { rollsBackToNewestOnly } from '../../storage/drive-features.ts';
import { pathOf } from '../../storage/volume-path.ts';
import type { Drive } from '../../world/drive.ts';
import { storageIdOf } from '../../world/volid.ts';
import { findVolume, requireStorage } from '../../world/volumes.ts';
import type { Guest, Volume } from '../../world/world.ts';

export async function takeVolumeSnapshot(
  sim: Sim,
  process: Process,
  guest: Guest,
  [key, drive]: [string, Drive],
  name: string,
): Promise<void> {
  process.log(`snapshotting 'drive-${key}' (${drive.file})`);
  const volume = snapshotable(sim, process, guest, drive, 'create', name);
  const isInternal = guest.run !== undefined && volume?.format === 'qcow2';
  if (isInternal && profileOfNode(sim.world, guest.node).has('snapshotKindInLog'))
    process.log('internal qemu snapshot');
  await process.work(sim.durations.snapshotMs);
  if (volume !== undefined) volume.snapshots = { ...volume.snapshots, [name]: volume.sizeBytes };
}

export async function dropVolumeSnapshot(
  sim: Sim,
  process: Process,
  guest: Guest,
  drive: Drive,
  name: string,
): Promise<void> {
  const volume = snapshotable(sim, process, guest, drive, 'delete', name);
  await process.cleanUp(sim.durations.snapshotMs);
  if (volume?.snapshots === undefined) return;
  const { [name]: _, ...others } = volume.snapshots;
  volume.snapshots = others;
}

/** @throws where the storage can only go back to the newest one (ZFS, chains of volumes) */
export function checkRollbackPossible(sim: Sim, guest: Guest, drive: Drive, name: string): void {
  const names = Object.keys(findVolume(sim.world, guest.node, drive.file)?.snapshots ?? {});
  if (names.at(-1) === name || !rollsBackToNewestOnly(sim.world, drive)) return;
  throw failure(`can't rollback, '${name}' is not most recent snapshot on '${drive.file}'`);
}

export async function rollBackVolume(
  sim: Sim,
  process: Process,
  guest: Guest,
  drive: Drive,
  name: string,
): Promise<void> {
  const volume = snapshotable(sim, process, guest, drive, 'apply', name);
  await process.work(sim.durations.snapshotMs);
  const sizeBytes = volume?.snapshots?.[name];
  if (volume !== undefined && sizeBytes !== undefined) volume.sizeBytes = sizeBytes;
}

type Act = 'create' | 'delete' | 'apply';

const FLAGS: Readonly<Record<Act, string>> = { create: '-c', delete: '-d', apply: '-a' };

/** A running QEMU has its files open; without it a file, or a snapshot in it, that is not there is missed. */
function snapshotable(
  sim: Sim,
  process: Process,
  guest: Guest,
  drive: Drive,
  act: Act,
  name: string,
): Volume | undefined {
  const storage = requireStorage(sim.world, storageIdOf(drive.file));
  const volume = findVolume(sim.world, guest.node, drive.file);
  const isHere = act === 'create' || volume?.snapshots?.[name] !== undefined;
  if (guest.run !== undefined || (volume !== undefined && isHere)) return volume;
  const path = pathOf(storage, { volid: drive.file });
  const problem =
    volume === undefined
      ? `Could not open '${path}': Could not open '${path}': No such file or directory`
      : `Could not ${act} snapshot '${name}': snapshot not found`;
  process.log(`qemu-img: ${problem}`);
  throw failure(`command '/usr/bin/qemu-img snapshot ${FLAGS[act]} ${name} ${path}' failed: exit code 1`);
}
