// Moving pending changes into the config while the guest does not run: at a start, a stop through the API, and every change
// of a stopped guest (pve-behaviour 11.3, 11.4, 11.8).
import { requirePrivilege } from '../access/rules.ts';
import { writeDrive } from '../cloudinit/drive.ts';
import { taskErrorText } from '../pve-error.ts';
import { drivesOf, isCloudInit, isDriveKey, parseDrive } from '../world/drive.ts';
import type { Guest } from '../world/world.ts';
import type { Change } from './change.ts';
import { dropUsedAgain, freeVolume, keepOrFree } from './guest-volumes.ts';

/** @returns why some stay pending, by option */
export async function applyPending(change: Change): Promise<Record<string, string>> {
  const { guest, process } = change;
  const errors: Record<string, string> = {};
  const attempt = async (key: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      errors[key] = `unable to apply pending change ${key} : ${taskErrorText(error)}\n`;
      process.log(errors[key].trimEnd());
    }
  };
  for (const key of Object.keys(guest.pendingDelete).sort())
    await attempt(key, async () => await removeOption(change, key));
  cleanUpPending(guest);
  const hasNewCloudInit = drivesOf(guest.pending).some(([, drive]) => isCloudInit(drive));
  for (const key of Object.keys(guest.pending)) await attempt(key, async () => await setOption(change, key));
  dropUsedAgain(guest);
  // Written at once when it comes to a stopped guest (pve-behaviour 18.4).
  if (hasNewCloudInit) await writeDrive(change.sim, process, guest);
  return errors;
}

/** What is pending but changes nothing is not pending. */
export function cleanUpPending(guest: Guest): void {
  for (const [key, value] of Object.entries(guest.pending)) if (guest.config[key] === value) delete guest.pending[key];
  for (const key of Object.keys(guest.pendingDelete)) {
    if (guest.config[key] === undefined) delete guest.pendingDelete[key];
  }
}

async function removeOption(change: Change, key: string): Promise<void> {
  const { guest } = change;
  if (isDriveKey(key) && guest.config[key] !== undefined) await detachDrive(change, key);
  delete guest.pendingDelete[key];
  delete guest.config[key];
}

/** A drive that goes for good takes its volume along where that was asked for. */
export async function detachDrive(change: Change, key: string): Promise<void> {
  const { sim, user, guest } = change;
  const drive = parseDrive(guest.config[key] ?? '');
  if (guest.pendingDelete[key] !== true) return await keepOrFree(change, drive);
  requirePrivilege(sim.world, user, `/vms/${guest.vmid}`, ['VM.Config.Disk']);
  await freeVolume(change, key, drive);
}

async function setOption(change: Change, key: string): Promise<void> {
  const { guest } = change;
  const value = guest.pending[key];
  const old = guest.config[key];
  if (value === undefined) return;
  if (old !== undefined && isDriveKey(key)) {
    const drive = parseDrive(old);
    if (drive.file !== parseDrive(value).file) await keepOrFree(change, drive);
  }
  delete guest.pending[key];
  guest.config[key] = value;
}
