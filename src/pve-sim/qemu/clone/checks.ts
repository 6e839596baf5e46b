// What keeps a guest from being cloned (pve-behaviour 13.2, 13.3): asked before the fork, and again under the locks.
import { requirePrivilege } from '../../access/rules.ts';
import { failure, parameterError } from '../../pve-error.ts';
import { profileOfNode } from '../../profiles/profile-of-node.ts';
import type { Sim } from '../../sim.ts';
import { driveCan } from '../../storage/drive-features.ts';
import { type Drive, drivesOf, isCloudInit, ownsVolume } from '../../world/drive.ts';
import { checkNoLock } from '../../world/guests.ts';
import { storageIdOf } from '../../world/volid.ts';
import { checkUsable, requireStorage } from '../../world/volumes.ts';
import type { Guest } from '../../world/world.ts';
import { requireSnapshot } from '../snapshots/sections.ts';
import type { ClonePlan, Config } from './plan.ts';

/** @returns what is cloned */
export function checkSource(sim: Sim, plan: ClonePlan, source: Guest): Config {
  checkNoLock(source);
  const config = plan.snapname === undefined ? source.config : requireSnapshot(source, plan.snapname);
  checkTargetStorage(sim, plan);
  checkDrives(sim, plan, config);
  return config;
}

/** Whether the copy is made from nothing but the original: a drive of PVE's own and TPM state always are. */
export function isCopied({ isFull }: ClonePlan, key: string, drive: Drive): boolean {
  return isFull || isCloudInit(drive) || key === 'tpmstate0';
}

function checkTargetStorage(sim: Sim, plan: ClonePlan): void {
  if (!plan.isFull && plan.storage !== undefined) throw failure("parameter 'storage' not allowed for linked clones");
  if (!plan.isFull && plan.format !== undefined) throw failure("parameter 'format' not allowed for linked clones");
  if (plan.storage === undefined) return;
  const storage = requireStorage(sim.world, plan.storage, plan.node);
  if (!storage.content.includes('images')) {
    throw parameterError({ storage: `storage '${plan.storage}' does not support vm images` });
  }
  if (plan.target === undefined || plan.target === plan.node) return;
  if (!storage.shared) throw failure(`can't clone to non-shared storage '${plan.storage}'`);
  checkUsable(storage, plan.target);
}

function checkDrives(sim: Sim, plan: ClonePlan, config: Config): void {
  const elsewhere = plan.target !== undefined && plan.target !== plan.node;
  for (const [key, drive] of drivesOf(config)) {
    if (!drive.file.includes(':')) continue;
    const storage = sim.world.storages[storageIdOf(drive.file)];
    if (storage === undefined) continue;
    if (elsewhere && !storage.shared) throw failure(`can't clone VM to node '${plan.target}' (VM uses local storage)`);
    if (!ownsVolume(drive)) continue;
    const onto = plan.storage ?? storage.id;
    if (!isCloudInit(drive) || plan.storage !== undefined) {
      requirePrivilege(sim.world, plan.user, `/storage/${onto}`, ['Datastore.AllocateSpace']);
    }
    checkAbility(sim, plan, key, drive);
  }
}

/** Linked from base images and, where the storage has them, from snapshots; copied from nearly everything. */
function checkAbility(sim: Sim, plan: ClonePlan, key: string, drive: Drive): void {
  const { isFull, running } = plan;
  if (key === 'tpmstate0' && isFull && running && plan.snapname === undefined) {
    throw failure('cannot clone TPM state while VM is running');
  }
  // A cloud-init drive is made anew, whatever there is of it in a snapshot.
  const snapshot = isCloudInit(drive) ? undefined : plan.snapname;
  const ability = isCopied(plan, key, drive) ? 'copy' : 'clone';
  if (driveCan(sim.world, drive, ability, snapshot)) return;
  const kind = ability === 'copy' ? 'Full' : 'Linked';
  const ofSnapshot = snapshot === undefined ? '' : 'a snapshot of ';
  const namesVolume = profileOfNode(sim.world, plan.node).has('cloneRefusalNamesVolume');
  const what = namesVolume ? `${ofSnapshot}'${drive.file}' (${key})` : `drive '${key}'`;
  throw failure(`${kind} clone feature is not supported for ${what}`);
}
