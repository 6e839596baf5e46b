// Carries out an update under the config lock, as PVE does: everything becomes pending first, one option after the other,
// and then what can be applied now is (pve-behaviour 11). What fails on the way leaves the earlier options pending.
import { requirePrivilege } from '../access/rules.ts';
import { storedPassword } from '../cloudinit/password.ts';
import { checkTagChange } from '../access/tag-rights.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failure, parameterError } from '../pve-error.ts';
import { isCdrom, isCloudInit, isDriveKey, isUnusedKey, parseDrive } from '../world/drive.ts';
import { isNicKey } from '../world/net.ts';
import type { Guest } from '../world/world.ts';
import { applyPending, cleanUpPending } from './apply-pending.ts';
import { bootOrder, formatBootOrder } from './boot-order.ts';
import type { Change } from './change.ts';
import { checkWritable, isLineEnds } from './config-file.ts';
import { checkDevice } from './device-access.ts';
import { addUnused, dropUsedAgain, freeVolume, isOwner, keepOrFree } from './guest-volumes.ts';
import { plugPending } from './hotplug.ts';
import { makeDrive } from './new-drive.ts';
import { checkBridge, checkDriveRights } from './option-access.ts';
import { storedOnUpdate } from './option-values.ts';
import { forgetUnreadable } from './unreadable.ts';

export interface Changes {
  readonly options: Readonly<Record<string, string>>;
  readonly deletes: readonly string[];
  readonly force: boolean;
}

interface Marking extends Change {
  readonly changes: Changes;
  /** The options to be applied in the end. */
  readonly modified: Set<string>;
  /** The order as it is being changed along with its devices. */
  boot: string[];
}

/** @throws 400 naming the options that stay pending, and why */
export async function applyChanges(change: Change, changes: Changes): Promise<void> {
  const { guest } = change;
  forgetUnreadable(guest);
  const marking: Marking = { ...change, changes, modified: new Set(), boot: bootOrder(guest.config['boot']) };
  for (const key of changes.deletes) await markDeleted(marking, key);
  // PVE takes them in any order. Drives come first here, so that an order in the same call has the last word.
  const entries = Object.entries(changes.options).toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  for (const [key, value] of entries) await markSet(marking, key, value);
  cleanUpPending(guest);
  if (Object.keys(guest.pending).length + Object.keys(guest.pendingDelete).length === 0) return;
  const errors = await (guest.run === undefined ? applyPending(change) : plugPending(change, marking.modified));
  if (Object.keys(errors).length > 0) throw parameterError(errors);
}

function rank(key: string): number {
  return isDriveKey(key) ? 0 : 1;
}

function write({ sim, guest }: Change): void {
  checkWritable(sim, guest.node, guest.vmid);
  dropUsedAgain(guest);
}

async function markDeleted(marking: Marking, key: string): Promise<void> {
  const { guest, process, changes, modified } = marking;
  const pending = guest.pending[key];
  const value = guest.config[key] ?? pending;
  if (value === undefined) return process.log(`cannot delete '${key}' - not set in current configuration!`);
  modified.add(key);
  dropFromBoot(marking, key);
  if (isUnusedKey(key) || key === 'vmstate') return await removeVolume(marking, key, value);
  checkDeletion(marking, key, value);
  delete guest.pending[key];
  if (pending !== undefined && isDriveKey(key)) await keepOrFree(marking, parseDrive(pending));
  if (key === 'tags') delete guest.config[key];
  else guest.pendingDelete[key] = changes.force;
  write(marking);
}

/** A device that goes leaves the order of boot devices too. */
function dropFromBoot(marking: Marking, key: string): void {
  const { guest, boot, changes, modified } = marking;
  if (!boot.includes(key) || changes.deletes.includes('boot')) return;
  marking.boot = boot.filter((device) => device !== key);
  guest.pending['boot'] = formatBootOrder(marking.boot);
  modified.add('boot');
}

/** At once, running or not. */
async function removeVolume(marking: Marking, key: string, value: string): Promise<void> {
  const { sim, user, guest } = marking;
  const drive = parseDrive(value);
  checkProtection(guest, `can't remove ${key === 'vmstate' ? 'vmstate' : 'unused disk'} '${drive.file}'`);
  requirePrivilege(sim.world, user, `/vms/${guest.vmid}`, ['VM.Config.Disk']);
  await freeVolume(marking, key, drive);
  write(marking);
  delete guest.pending[key];
  delete guest.config[key];
}

/** Rights that depend on what is in the config (pve-behaviour 5.3). */
function checkDeletion(marking: Marking, key: string, value: string): void {
  const { sim, user, guest } = marking;
  if (key === 'tags') checkTags(marking, value, '');
  if (isDriveKey(key)) {
    checkProtection(guest, `can't remove drive '${key}'`);
    checkDriveRights(sim, user, guest.vmid, value);
  }
  if (isNicKey(key)) checkBridge(sim, profileOfNode(sim.world, guest.node), user, value);
  checkDevice(marking, 'delete', key, [value]);
}

function checkProtection(guest: Guest, what: string): void {
  if (guest.config['protection'] === '1') throw failure(`${what} - protection mode enabled`);
}

async function markSet(marking: Marking, key: string, value: string): Promise<void> {
  const { guest, modified } = marking;
  modified.add(key);
  if (guest.pending[key] === value) return;
  if (key === 'description' && isLineEnds(value)) return;
  checkSetting(marking, key, value);
  const stored = isDriveKey(key) ? await newDrive(marking, key, value) : storedOption(marking, key, value);
  delete guest.pendingDelete[key];
  if (stored !== undefined) guest.pending[key] = stored;
  else if (guest.config[key] !== undefined) guest.pendingDelete[key] = false;
  if (key === 'boot') settleBoot(marking, value);
  write(marking);
}

function checkSetting(marking: Marking, key: string, value: string): void {
  const { sim, user, guest } = marking;
  const old = guest.config[key];
  if (key === 'tags') checkTags(marking, old ?? '', value);
  if (isDriveKey(key)) {
    if (old !== undefined) checkDriveRights(sim, user, guest.vmid, old);
    checkDriveRights(sim, user, guest.vmid, value);
  }
  if (isNicKey(key) && old !== undefined) checkBridge(sim, profileOfNode(sim.world, guest.node), user, old);
  checkDevice(marking, 'set', key, old === undefined ? [value] : [old, value]);
}

function checkTags({ sim, user, guest }: Marking, old: string, value: string): void {
  if (old === value) return;
  requirePrivilege(sim.world, user, `/vms/${guest.vmid}`, ['VM.Config.Options']);
  checkTagChange(sim.world, user, old, value);
}

async function newDrive(marking: Marking, key: string, value: string): Promise<string> {
  const { sim, process, guest } = marking;
  const { node, vmid } = guest;
  const before = guest.pending[key];
  if (before !== undefined) keepPending(marking, before);
  const drive = await makeDrive(sim, process, { node, vmid, key, value, config: remaining(guest, key) });
  appendToBoot(marking, key, value);
  return drive.value;
}

function storedOption({ sim, guest }: Marking, key: string, value: string): string | undefined {
  return key === 'cipassword' ? storedPassword(sim.random, guest, value) : storedOnUpdate(sim, guest.node, key, value);
}

/** What was only pending goes: its volume stays with the guest. */
function keepPending({ sim, guest }: Marking, value: string): void {
  const drive = parseDrive(value);
  if (!isCdrom(drive) && isOwner(sim, guest, drive.file)) addUnused(guest, drive.file);
}

/** What the config will hold beside this drive. */
function remaining(guest: Guest, key: string): Record<string, string> {
  const all = Object.entries({ ...guest.config, ...guest.pending });
  return Object.fromEntries(all.filter(([name]) => name !== key && guest.pendingDelete[name] === undefined));
}

/** A CD drive that is new to an explicit boot order is put at its end (recording one-node/50); PVE's own is not. */
function appendToBoot(marking: Marking, key: string, value: string): void {
  const { guest, boot, modified } = marking;
  const drive = parseDrive(value);
  if (boot.length === 0 || boot.includes(key) || !isCdrom(drive) || isCloudInit(drive)) return;
  boot.push(key);
  guest.pending['boot'] = formatBootOrder(boot);
  modified.add('boot');
}

/** An explicit order may name only devices that are there and stay; it takes the place of the older option. */
function settleBoot({ guest, changes }: Marking, value: string): void {
  const order = bootOrder(value);
  for (const device of order) {
    const known = guest.config[device] ?? guest.pending[device] ?? changes.options[device];
    if (known === undefined || changes.deletes.includes(device)) {
      delete guest.pending['boot'];
      throw failure(`invalid bootorder: device '${device}' does not exist'`);
    }
  }
  if (order.length === 0) return;
  guest.pending['boot'] = formatBootOrder(order);
  if (guest.config['bootdisk'] !== undefined) guest.pendingDelete['bootdisk'] = false;
}
