// Everything a guest's config refers to: drives, unused volumes, and what its snapshots hold.
import { drivesOf, isCdrom, isCloudInit, isUnusedKey, parseDrive, type Drive } from '../world/drive.ts';
import { storageIdOf } from '../world/volid.ts';
import type { Guest, StorageState, World } from '../world/world.ts';

export interface UsedVolume {
  /** A volume id, `none`, `cdrom` or a path. */
  readonly file: string;
  /** Undefined for `none`, `cdrom` and paths. */
  readonly storage: StorageState | undefined;
  /** The option of the current config, undefined where only snapshots have it. */
  readonly key: string | undefined;
  readonly cdrom: boolean;
  readonly cloudInit: boolean;
  readonly unused: boolean;
  /** The RAM of a snapshot. */
  readonly vmState: boolean;
  readonly replicate: boolean;
  readonly snapshots: readonly string[];
}

export function usedVolumes(world: World, guest: Guest): UsedVolume[] {
  const used = new Map<string, UsedVolume>();
  const add = (key: string, drive: Drive, snapshot?: string): void => {
    const known = used.get(drive.file);
    used.set(drive.file, {
      file: drive.file,
      storage: world.storages[storageIdOf(drive.file)],
      key: known?.key ?? (snapshot === undefined ? key : undefined),
      cdrom: isCdrom(drive),
      cloudInit: isCloudInit(drive),
      unused: isUnusedKey(key),
      vmState: key === 'vmstate',
      replicate: drive.options['replicate'] !== '0',
      snapshots: [...(known?.snapshots ?? []), ...(snapshot === undefined ? [] : [snapshot])],
    });
  };
  for (const [key, drive] of allDrives(guest.config)) add(key, drive);
  for (const [name, config] of Object.entries(guest.snapshots)) {
    for (const [key, drive] of allDrives(config)) add(key, drive, name);
  }
  return [...used.values()];
}

function allDrives(config: Readonly<Record<string, string>>): [key: string, drive: Drive][] {
  const others = Object.entries(config).filter(([key]) => isUnusedKey(key) || key === 'vmstate');
  return [...drivesOf(config), ...others.map(([key, value]): [string, Drive] => [key, parseDrive(value)])];
}
