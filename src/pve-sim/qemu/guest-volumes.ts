// What becomes of a volume that a guest's config no longer names (pve-behaviour 11.3): it stays as `unusedN`, or is freed.
import { requirePrivilege } from '../access/rules.ts';
import { failureText } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { free } from '../storage/disk-work.ts';
import { guestOfVolume } from '../storage/volume-name.ts';
import { type Drive, isCdrom, isCloudInit, isDriveKey, isUnusedKey, ownsVolume, parseDrive } from '../world/drive.ts';
import { storageIdOf, volumeNameOf } from '../world/volid.ts';
import { childrenOf, findVolume } from '../world/volumes.ts';
import type { Guest } from '../world/world.ts';
import type { Change } from './change.ts';

const MAX_UNUSED = 256;

/** By the volume's name alone, whether or not it is there. */
export function isOwner({ world }: Sim, { vmid }: Guest, volid: string): boolean {
  const storage = world.storages[storageIdOf(volid)];
  if (storage === undefined) return false;
  try {
    return guestOfVolume(storage, volumeNameOf(volid)) === vmid;
  } catch {
    return false;
  }
}

/** A disk stays the guest's as unused, PVE's own cloud-init drive is freed, and a medium is nobody's. */
export async function keepOrFree(change: Change, drive: Drive): Promise<void> {
  const { sim, guest, process } = change;
  if (isCloudInit(drive)) {
    await free(sim, process, guest.node, drive.file).catch((error: unknown) => process.log(failureText(error)));
    guest.cloudinit = {};
  } else if (!isCdrom(drive) && isOwner(sim, guest, drive.file)) addUnused(guest, drive.file);
}

/** @returns the key it lies under; undefined where it is kept already */
export function addUnused({ config }: Guest, volid: string): string | undefined {
  const keys = Array.from({ length: MAX_UNUSED }, (_, index) => `unused${index}`);
  if (keys.some((key) => config[key] === volid)) return undefined;
  const key = keys.find((name) => config[name] === undefined);
  if (key === undefined) throw failure('Too many unused volumes - please delete them first.');
  config[key] = volid;
  return key;
}

/** A volume that a drive names again, pending ones too, is no longer unused: so it is whenever the file is written. */
export function dropUsedAgain({ config, pending }: Guest): void {
  const used = new Set([config, pending].flatMap((section) => volumesOf(section)));
  for (const [key, value] of Object.entries(config)) if (isUnusedKey(key) && used.has(value)) delete config[key];
}

function volumesOf(section: Readonly<Record<string, string>>): string[] {
  return Object.entries(section)
    .filter(([key]) => isDriveKey(key))
    .map(([, value]) => parseDrive(value).file);
}

/** Frees what a key names if it is the guest's own. @throws where a snapshot or another key still has it */
export async function freeVolume(change: Change, key: string, drive: Drive): Promise<void> {
  const { sim, process, user, guest } = change;
  const { file } = drive;
  if (!ownsVolume(drive) || !isOwner(sim, guest, file)) return;
  requirePrivilege(sim.world, user, `/storage/${storageIdOf(file)}`, ['Datastore.AllocateSpace']);
  if (isVolumeInUse(sim, guest, key, file)) {
    throw failure(`unable to delete '${file}' - volume is still in use (snapshot?)`);
  }
  await free(sim, process, guest.node, file);
}

/** Whether anything but `key` needs the volume: another key, a snapshot, a linked clone. */
export function isVolumeInUse({ world }: Sim, guest: Guest, key: string, volid: string): boolean {
  const { [key]: _, ...others } = guest.config;
  const volume = findVolume(world, guest.node, volid);
  return (
    [others, ...Object.values(guest.snapshots)].some((section) => names(section, volid)) ||
    (volume !== undefined && childrenOf(world, volume).length > 0)
  );
}

function names(section: Readonly<Record<string, string>>, volid: string): boolean {
  return Object.entries(section).some(
    ([key, value]) => (isDriveKey(key) || isUnusedKey(key)) && parseDrive(value).file === volid,
  );
}
