// A path as a drive's file: an update turns it into the volume that it is (recording one-node/31).
import { parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { volumeAt } from '../storage/volume-path.ts';
import { formatDrive, parseDrive } from '../world/drive.ts';

/** Devices stay as they are; `cdrom` and `none` are media. @throws 400 for a path that is no volume's */
export function withoutPath(sim: Sim, node: string, key: string, value: string): string {
  const drive = parseDrive(value);
  if (drive.file === 'cdrom' || drive.file === 'none')
    return formatDrive({ file: drive.file, options: { media: 'cdrom', ...drive.options } });
  if (!drive.file.startsWith('/') || drive.file.startsWith('/dev/')) return value;
  const volume = volumeAt(sim.world, node, drive.file);
  if (volume === undefined) throw parameterError({ [key]: `unable to associate path '${drive.file}' to any storage` });
  const media = volume.content === 'iso' ? { media: 'cdrom' } : {};
  return formatDrive({ file: volume.volid, options: { ...media, ...drive.options } });
}
