// What is checked about drives before anything is written: rights on storages, that storages exist, and how a drive may be
// asked for (pve-behaviour 5.3, 9.2, 9.3).
import { requirePrivilege } from '../access/rules.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { type Drive, isUnusedKey, parseDrive } from '../world/drive.ts';
import { volumeKind } from '../storage/volume-name.ts';
import { splitVolid } from '../world/volid.ts';
import { requireStorage } from '../world/volumes.ts';
import { isNewCloudInit, newDiskOf } from './new-drive.ts';
import { checkVolumeAccess, type VolumeUser } from './volume-use.ts';

export interface DriveCheck extends VolumeUser {
  /** Where appliances are unpacked; absent: where they lie. */
  readonly workingStorage?: string | undefined;
}

/** @throws 403, 500 or 400 in PVE's order: right first, then the storage, then its content */
export function checkDriveAccess(sim: Sim, check: DriveCheck, key: string, value: string): void {
  const drive = parseDrive(value);
  if (isUnusedKey(key)) {
    if (profileOfNode(sim.world, check.node).has('unusedNeedsStorage')) checkExisting(sim, check, key, drive);
    return;
  }
  checkFile(sim, check, key, drive);
  if (drive.options['import-from'] !== undefined) checkSource(sim, check, key, drive.options['import-from']);
}

function checkFile(sim: Sim, check: VolumeUser, key: string, drive: Drive): void {
  const { file } = drive;
  const isMedium = drive.options['media'] === 'cdrom';
  if (file === 'none' || isNewCloudInit(file)) return;
  if (isMedium && file === 'cdrom') return requirePrivilege(sim.world, check.user, '/', ['Sys.Console']);
  const fresh = isMedium ? undefined : newDiskOf(file);
  if (fresh === undefined) return checkExisting(sim, check, key, drive);
  requirePrivilege(sim.world, check.user, `/storage/${fresh.storage}`, ['Datastore.AllocateSpace']);
  if (!requireStorage(sim.world, fresh.storage).content.includes('images'))
    throw parameterError({ storage: `storage '${fresh.storage}' does not support vm images` });
}

function checkExisting(sim: Sim, check: VolumeUser, key: string, { file, options }: Drive): void {
  checkVolumeAccess(sim, check, file);
  const parts = splitVolid(file);
  if (parts === undefined) return;
  const { kind } = volumeKind(requireStorage(sim.world, parts.storage), parts.name);
  if (kind !== 'images' && kind !== 'iso')
    throw parameterError({ [key]: "content type needs to be 'images' or 'iso'" });
  if (kind === 'iso' && options['media'] !== 'cdrom')
    throw parameterError({ [key]: "explicit 'media=cdrom' is required for iso images" });
}

/** An image of another guest may be copied by who may clone that guest. */
function checkSource(sim: Sim, check: DriveCheck, key: string, source: string): void {
  const parts = splitVolid(source);
  if (parts === undefined) return checkVolumeAccess(sim, check, source);
  const { kind, owner } = volumeKind(requireStorage(sim.world, parts.storage), parts.name);
  const importable = profileOfNode(sim.world, check.node).has('importContent');
  if (kind !== 'images' && !(importable && kind === 'import')) {
    const reason = importable ? "needs to be 'images' or 'import'" : 'not an image';
    throw parameterError({ [key]: `${source} has wrong type '${kind}' - ${reason}` });
  }
  if (/\.ova\/[^/]+$/.test(parts.name))
    checkWorkingStorage(sim, check, key, source, check.workingStorage ?? parts.storage);
  if (owner === undefined) checkVolumeAccess(sim, check, source);
  else requirePrivilege(sim.world, check.user, `/vms/${owner}`, ['VM.Clone']);
}

/** A disk of an appliance is unpacked onto a storage that takes images before it is copied. */
function checkWorkingStorage(sim: Sim, { user }: VolumeUser, key: string, source: string, id: string): void {
  if (!requireStorage(sim.world, id).content.includes('images'))
    throw parameterError({ [key]: `${source} is not on an storage with 'images' content type.` });
  requirePrivilege(sim.world, user, `/storage/${id}`, ['Datastore.AllocateSpace']);
}

/** How a drive may be written down. @throws 400 */
export function checkDriveSyntax(key: string, value: string): void {
  const { file, options } = parseDrive(value);
  if (key.startsWith('virtio') && options['media'] === 'cdrom')
    throw parameterError({ [key]: 'unable to parse drive options' });
  if (options['import-from'] === undefined) return;
  if (newDiskOf(file)?.gib !== 0)
    throw parameterError({ [key]: "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>" });
  const needed = { efidisk0: ['efitype', 'pre-enrolled-keys'], tpmstate0: ['version'] }[key] ?? [];
  const missing = needed.find((name) => options[name] === undefined);
  if (missing !== undefined) throw parameterError({ [key]: `need to specify '${missing}' when using 'import-from'` });
}
