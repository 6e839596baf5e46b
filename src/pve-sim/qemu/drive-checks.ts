// What is checked about drives before anything is written: rights on storages, and that storages exist (pve-behaviour 5.3, 9.3).
import { requirePrivilege } from '../access/rules.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { isCdrom, isCloudInit, isUnusedKey, parseDrive } from '../world/drive.ts';
import { guestOfVolume } from '../storage/volume-name.ts';
import { requireStorage } from '../world/volumes.ts';
import { isNewCloudInit, newDiskOf } from './new-drive.ts';
import { isRoot } from './option-access.ts';

export const ROOT_PATHS_ONLY =
  'Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 590.';

export interface DriveCheck {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
}

/** @throws 403, 500 or 400 in PVE's order: right first, then the storage, then its content */
export function checkDriveAccess(sim: Sim, check: DriveCheck, key: string, value: string): void {
  const drive = parseDrive(value);
  const { file } = drive;
  if (key.startsWith('virtio') && drive.options['media'] === 'cdrom')
    throw parameterError({ [key]: 'unable to parse drive options' });
  if (isUnusedKey(key)) return checkUnused(sim, check, key, value);
  if (file === 'none') return;
  if (file === 'cdrom' && drive.options['media'] === 'cdrom')
    return requirePrivilege(sim.world, check.user, '/', ['Sys.Console']);
  const isPath = !file.includes(':') || file.startsWith('/');
  if (!isRoot(check.user) && (isPath || drive.options['import-from']?.startsWith('/') === true)) {
    throw failure(ROOT_PATHS_ONLY);
  }
  if (isPath) return;
  const fresh = isCdrom(drive) ? undefined : newDiskOf(file);
  if (isNewCloudInit(file)) return;
  if (fresh !== undefined) {
    requirePrivilege(sim.world, check.user, `/storage/${fresh.storage}`, ['Datastore.AllocateSpace']);
    checkImages(sim, fresh.storage);
    checkImport(sim, drive.options['import-from'], key, fresh.gib);
    return;
  }
  if (!isCloudInit(drive)) checkExisting(sim, check, key, value);
}

function checkUnused(sim: Sim, check: DriveCheck, key: string, value: string): void {
  if (profileOfNode(sim.world, check.node).has('unusedNeedsStorage')) checkExisting(sim, check, key, value);
}

/** A storage that a new disk may be put on. */
function checkImages(sim: Sim, id: string): void {
  const storage = requireStorage(sim.world, id);
  if (!storage.content.includes('images'))
    throw parameterError({ storage: `storage '${id}' does not support vm images` });
}

function checkImport(sim: Sim, source: string | undefined, key: string, gib: number): void {
  if (source === undefined) return;
  if (gib !== 0) {
    throw parameterError({ [key]: "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>" });
  }
  if (source.startsWith('/')) return;
  requireStorage(sim.world, source.slice(0, source.indexOf(':')));
  const type = /^[^:]+:(iso|vztmpl|backup|snippets)\//.exec(source)?.[1];
  if (type !== undefined)
    throw parameterError({ [key]: `${source} has wrong type '${type}' - needs to be 'images' or 'import'` });
}

function checkExisting(sim: Sim, check: DriveCheck, key: string, value: string): void {
  const drive = parseDrive(value);
  const [storage = '', name = ''] = drive.file.split(':');
  const owner = guestOfVolume(requireStorage(sim.world, storage), name) ?? check.vmid;
  if (name.startsWith('iso/')) {
    requirePrivilege(
      sim.world,
      check.user,
      `/storage/${storage}`,
      ['Datastore.AllocateSpace', 'Datastore.Audit'],
      true,
    );
    if (!isCdrom(drive)) throw parameterError({ [key]: "explicit 'media=cdrom' is required for iso images" });
    return;
  }
  if (name.startsWith('import/')) throw parameterError({ [key]: "content type needs to be 'images' or 'iso'" });
  if (owner === check.vmid) return;
  requirePrivilege(sim.world, check.user, `/storage/${storage}`, ['Datastore.Audit']);
  requirePrivilege(sim.world, check.user, `/vms/${owner}`, ['VM.Config.Disk']);
}
