// Carries out an update under the config lock, as PVE does: everything becomes pending first, drives one by one since they
// take time, and then what can be applied now is (pve-behaviour 11).
import { writeDrive } from '../cloudinit/drive.ts';
import { storedPassword } from '../cloudinit/password.ts';
import { isBehind } from '../cloudinit/pending.ts';
import type { Process } from '../process.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { drivesOf, isCdrom, isCloudInit, isDriveKey, isUnusedKey, ownsVolume, parseDrive } from '../world/drive.ts';
import { requireQemu } from '../world/guests.ts';
import type { Guest } from '../world/world.ts';
import { applyAllPending, applyDelete, applyPendingValue, keepAsUnused } from './apply-pending.ts';
import { recordCloudInitChange } from './cloudinit-changes.ts';
import { checkWritable } from './config-file.ts';
import { hotplug, hotplugFeatures } from './hotplug.ts';
import { makeDrive } from './new-drive.ts';
import { storedOnUpdate } from './option-values.ts';
import { forgetUnreadable } from './unreadable.ts';

export interface Changes {
  readonly options: Readonly<Record<string, string>>;
  readonly deletes: readonly string[];
  readonly reverts: readonly string[];
  readonly force: boolean;
}

/** @throws 400 `hotplug problem - ...` for options that then stay pending */
export async function applyChanges(sim: Sim, worker: Process, guest: Guest, changes: Changes): Promise<void> {
  forgetUnreadable(guest);
  const touched = new Set([...changes.deletes, ...changes.reverts, ...Object.keys(changes.options)]);
  for (const key of changes.deletes) markDeleted(guest, key, changes.force);
  for (const key of changes.reverts) revert(sim, guest, key);
  const entries = Object.entries(changes.options).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of entries.filter(([name]) => !isDriveKey(name))) setPending(sim, guest, key, value);
  for (const [key, value] of entries.filter(([name]) => isDriveKey(name))) {
    await setDrive(sim, worker, guest, key, value);
    if (!touched.has('boot') && appendToBoot(guest, key)) touched.add('boot');
  }
  checkVolumesUnused(guest);
  if (guest.run === undefined) await applyStopped(sim, worker, guest);
  else await plug(sim, worker, guest, touched);
}

/** A cloud-init drive that comes to a stopped guest is written at once (pve-behaviour 18.4). */
async function applyStopped(sim: Sim, worker: Process, guest: Guest): Promise<void> {
  const attached = drivesOf(guest.pending).some(([, drive]) => isCloudInit(drive));
  applyAllPending(sim, guest.node, guest);
  if (attached) await writeDrive(sim, worker, guest);
}

function markDeleted(guest: Guest, key: string, force: boolean): void {
  delete guest.pending[key];
  if (guest.config[key] !== undefined) guest.pendingDelete[key] = force;
}

function revert(sim: Sim, guest: Guest, key: string): void {
  const pending = guest.pending[key];
  delete guest.pending[key];
  delete guest.pendingDelete[key];
  if (pending !== undefined && isDriveKey(key)) keepAsUnused(sim, guest.node, guest, pending);
}

function setPending(sim: Sim, guest: Guest, key: string, value: string): void {
  const stored = key === 'cipassword' ? storedPassword(sim.random, guest, value) : storedOnUpdate(sim, key, value);
  delete guest.pendingDelete[key];
  if (stored === undefined) return markDeleted(guest, key, false);
  if (guest.config[key] === stored) delete guest.pending[key];
  else guest.pending[key] = stored;
}

async function setDrive(sim: Sim, worker: Process, guest: Guest, key: string, value: string): Promise<void> {
  const { node, vmid } = guest;
  const drive = await makeDrive(sim, worker, { node, vmid, key, value, config: remaining(guest, key) });
  checkWritable(sim, node, vmid);
  setPending(sim, requireQemu(sim.world, node, vmid), key, drive.value);
}

/** What the config will hold beside this drive. */
function remaining(guest: Guest, key: string): Record<string, string> {
  const all = Object.entries({ ...guest.config, ...guest.pending });
  return Object.fromEntries(all.filter(([name]) => name !== key && guest.pendingDelete[name] === undefined));
}

/** A CD drive that is new to an explicit boot order is put at its end (recording one-node/50). */
function appendToBoot(guest: Guest, key: string): boolean {
  const boot = guest.pending['boot'] ?? guest.config['boot'];
  const value = guest.pending[key] ?? guest.config[key];
  const order = /^order=(.+)$/.exec(boot ?? '')?.[1]?.split(';');
  if (order === undefined || value === undefined || order.includes(key) || !isMedium(value)) return false;
  guest.pending['boot'] = `order=${[...order, key].join(';')}`;
  return true;
}

/** A CD, but not PVE's own cloud-init drive. */
function isMedium(value: string): boolean {
  const drive = parseDrive(value);
  return isCdrom(drive) && !isCloudInit(drive);
}

/** Applies to a running guest what it can take, of the options of this change alone. */
async function plug(sim: Sim, worker: Process, guest: Guest, touched: ReadonlySet<string>): Promise<void> {
  const errors: Record<string, string> = {};
  for (const key of touched) {
    const deleted = guest.pendingDelete[key];
    const value = guest.pending[key];
    if (deleted === undefined && value === undefined) continue;
    const outcome = hotplug(guest, key, value);
    if (outcome.problem !== undefined) errors[key] = `hotplug problem - ${outcome.problem}\n`;
    if (!outcome.live) continue;
    if (outcome.takesTime) await worker.work(sim.durations.hotplugMs);
    if (outcome.stored !== undefined) guest.pending[key] = outcome.stored;
    recordCloudInitChange(guest, key, guest.pending[key]);
    if (deleted === undefined) applyPendingValue(sim, guest.node, guest, key);
    else applyDelete(sim, guest.node, guest, key, deleted);
  }
  if (hotplugFeatures(guest).has('cloudinit') && isBehind(guest)) await writeDrive(sim, worker, guest);
  if (Object.keys(errors).length > 0) throw parameterError(errors);
}

/** An unused volume that a snapshot still has stays. */
function checkVolumesUnused(guest: Guest): void {
  for (const key of Object.keys(guest.pendingDelete)) {
    const value = guest.config[key];
    if (!isUnusedKey(key) || value === undefined || !ownsVolume(parseDrive(value))) continue;
    const { file } = parseDrive(value);
    const kept = Object.values(guest.snapshots).some((snapshot) =>
      Object.values(snapshot).some((text) => text.startsWith(file)),
    );
    if (!kept) continue;
    delete guest.pendingDelete[key];
    throw failure(`unable to delete '${file}' - volume is still in use (snapshot?)`);
  }
}
