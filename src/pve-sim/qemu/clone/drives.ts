// The drives of a clone, one after the other in the order of their keys: each is in the new config as soon as it is there.
import type { Sim } from '../../sim.ts';
import { profileOfNode } from '../../profiles/profile-of-node.ts';
import { convertImage } from '../../storage/convert-image.ts';
import { allocate, allocateLinked } from '../../storage/disk-work.ts';
import { mirrorDisk } from '../../storage/mirror-disk.ts';
import { usableFormat } from '../../storage/usable-format.ts';
import type { Worker } from '../../tasks/worker.ts';
import { type Drive, drivesOf, formatDrive, isCloudInit, ownsVolume } from '../../world/drive.ts';
import { requireQemu } from '../../world/guests.ts';
import { formatSize } from '../../world/size.ts';
import { requireStorage, requireVolume } from '../../world/volumes.ts';
import type { Volume } from '../../world/world.ts';
import { finishMirrors } from '../mirror.ts';
import { isCopied } from './checks.ts';
import type { ClonePlan, Config } from './plan.ts';

/** @param made is told of every new volume, to be freed if the rest fails */
export async function copyDrives(
  sim: Sim,
  worker: Worker,
  plan: ClonePlan,
  source: Config,
  config: Record<string, string>,
  made: string[],
): Promise<void> {
  const owned = drivesOf(source).filter(([, drive]) => ownsVolume(drive));
  const mirrored = owned.filter(([key, drive]) => isMirrored(plan, key, drive)).map(([key]) => key);
  const visible = { ...config };
  for (const [key] of owned) delete visible[key];
  for (const [index, [key, drive]] of owned.entries()) {
    config[key] = await copyDrive(sim, worker, plan, key, drive, made);
    if (key === mirrored.at(-1)) {
      await finishMirrors(sim, worker, requireQemu(sim.world, plan.node, plan.vmid), mirrored);
    }
    visible[key] = config[key];
    // Each finished drive is written; the last one with the lock gone, at the end.
    if (index < owned.length - 1) requireQemu(sim.world, plan.node, plan.newid).config = { ...visible, lock: 'clone' };
  }
}

/** QEMU itself copies what it has open; snapshots do not change under it. */
function isMirrored(plan: ClonePlan, key: string, drive: Drive): boolean {
  return plan.running && plan.snapname === undefined && isCopied(plan, key, drive) && !isCloudInit(drive);
}

async function copyDrive(
  sim: Sim,
  worker: Worker,
  plan: ClonePlan,
  key: string,
  drive: Drive,
  made: string[],
): Promise<string> {
  const { node, newid, snapname } = plan;
  const found = requireVolume(sim.world, node, drive.file);
  requireStorage(sim.world, found.storage, node);
  const volume = { ...found, sizeBytes: found.snapshots?.[snapname ?? ''] ?? found.sizeBytes };
  const full = isCopied(plan, key, drive);
  worker.log(`create ${full ? 'full' : 'linked'} clone of drive ${key} (${drive.file})`);
  const copied = full
    ? await copyVolume(sim, worker, plan, { key, drive, volume }, made)
    : await allocateLinked(sim, worker, node, volume, newid);
  if (!full) made.push(copied.volid);
  const { size: _, ...options } = drive.options;
  return formatDrive({ file: copied.volid, options: { ...options, size: formatSize(copied.sizeBytes) } });
}

interface Source {
  readonly key: string;
  readonly drive: Drive;
  readonly volume: Volume;
}

async function copyVolume(
  sim: Sim,
  worker: Worker,
  plan: ClonePlan,
  { key, drive, volume }: Source,
  made: string[],
): Promise<Volume> {
  const { node, newid, bytesPerSecond: limit } = plan;
  const profile = profileOfNode(sim.world, node);
  const onto = requireStorage(sim.world, plan.storage ?? volume.storage, node);
  const kind = isCloudInit(drive) ? 'cloudinit' : 'disk';
  const warns = plan.format !== undefined && profile.has('formatFallbackWarns');
  const format = usableFormat(worker, onto, plan.format ?? volume.format, warns);
  const copied = await allocate(sim, worker, node, onto.id, { vmid: newid, sizeBytes: volume.sizeBytes, format, kind });
  made.push(copied.volid);
  if (profile.has('allocationLogged')) worker.log(`allocated target volume '${copied.volid}'`);
  if (kind === 'cloudinit') return copied;
  const copying = { node, from: volume, to: copied, bytes: volume.sizeBytes, limit };
  if (isMirrored(plan, key, drive)) await mirrorDisk(sim, worker, { ...copying, key });
  else await convertImage(sim, worker, copying);
  return copied;
}
