// Copies of local volumes on the target, under the same name where that is free there.
import { nowSeconds, type Sim } from '../sim.ts';
import { copy } from '../storage/disk-work.ts';
import { checkRoom } from '../storage/room.ts';
import type { Process } from '../process.ts';
import { formatDrive, parseDrive } from '../world/drive.ts';
import { volumeNameOf } from '../world/volid.ts';
import { addVolume, findVolume, isFileStorage, nextVolumeName, requireStorage, volumeKey } from '../world/volumes.ts';
import type { Guest, Volume } from '../world/world.ts';
import type { LocalVolume } from './local-volumes.ts';
import { mapStorage, type StorageMap } from './storage-map.ts';
import type { UsedVolume } from './used-volumes.ts';

interface Copying {
  readonly sim: Sim;
  readonly worker: Process;
  readonly log: { info(text: string): void };
  readonly guest: Guest;
  readonly target: string;
  readonly running: boolean;
  readonly storages: StorageMap;
  readonly bytesPerSecond: number | undefined;
}

export async function copyToTarget(copying: Copying, { use, volume }: LocalVolume): Promise<Volume> {
  const { sim, worker, log, guest, target, running, bytesPerSecond } = copying;
  const from = requireStorage(sim.world, volume.storage, guest.node);
  const onto = requireStorage(sim.world, mapStorage(copying.storages, volume.storage), target);
  const sameNames = isFileStorage(from) === isFileStorage(onto);
  const name = volumeNameOf(volume.volid).split('/').at(-1) ?? '';
  const path = isFileStorage(onto) ? `${onto.id}:${guest.vmid}/${name}` : `${onto.id}:${name}`;
  const isFree = findVolume(sim.world, target, path) === undefined;
  const wish = {
    vmid: guest.vmid,
    sizeBytes: volume.sizeBytes,
    format: volume.format,
    kind: use.cloudInit ? 'cloudinit' : 'disk',
    ...(sameNames && isFree ? { name } : {}),
  } as const;
  checkRoom(sim.world, target, onto, volume.sizeBytes, nextVolumeName(sim.world, target, onto, wish));
  const made: Volume = { ...volume, ...addVolume(sim.world, target, onto, wish, nowSeconds(sim)) };
  sim.world.volumes[volumeKey(onto, target, made.volid)] = made;
  if (running && !use.unused && use.key !== undefined) log.info(`drive mirror is starting for drive-${use.key}`);
  try {
    await copy(sim, quiet(worker), guest.node, from, volume.sizeBytes, { limit: bytesPerSecond });
    if (volume.writtenBytes === undefined) delete made.writtenBytes;
    else made.writtenBytes = volume.writtenBytes;
  } catch (error) {
    delete sim.world.volumes[volumeKey(onto, target, made.volid)];
    throw error;
  }
  if (!running) log.info(`volume '${volume.volid}' is '${made.volid}' on the target`);
  return made;
}

/** A copy tells its progress otherwise here. */
function quiet(process: Process): Process {
  return Object.create(process, { log: { value: () => {} } }) as Process;
}

/** A mirrored disk has its format written out (recording two-node/07). */
export function pointTo(guest: Guest, use: UsedVolume, made: Volume, mirrored: boolean): void {
  for (const config of [guest.config, ...Object.values(guest.snapshots)]) {
    for (const [key, value] of Object.entries(config)) {
      if (!value.startsWith(use.file)) continue;
      const drive = parseDrive(value);
      if (drive.file !== use.file) continue;
      const hasFormat = mirrored && config === guest.config && !use.unused && !use.cloudInit;
      const options = hasFormat ? { ...drive.options, format: made.format } : drive.options;
      config[key] = formatDrive({ file: made.volid, options });
    }
  }
}
