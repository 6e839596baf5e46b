// Moving pending changes into the config, as a start, a stop through the API, and every change of a stopped guest do
// (pve-behaviour 11.3, 11.4, 11.8).
import type { Sim } from '../sim.ts';
import { isBusKey, isCloudInit, isDriveKey, isUnusedKey, ownsVolume, parseDrive } from '../world/drive.ts';
import type { Guest } from '../world/world.ts';
import { findVolume, removeVolume } from '../world/volumes.ts';

export function applyAllPending(sim: Sim, node: string, guest: Guest): void {
  for (const [key, forced] of Object.entries(guest.pendingDelete)) applyDelete(sim, node, guest, key, forced);
  for (const key of Object.keys(guest.pending)) applyPendingValue(sim, node, guest, key);
}

/** Takes an option out of the config; a volume becomes unused, or is freed where forced or where it is a cloud-init drive. */
export function applyDelete(sim: Sim, node: string, guest: Guest, key: string, forced: boolean): void {
  delete guest.pendingDelete[key];
  const value = guest.config[key];
  if (value === undefined) return;
  delete guest.config[key];
  if (isDriveKey(key) || isUnusedKey(key)) releaseVolume(sim, node, guest, value, forced || isUnusedKey(key));
  if (isBusKey(key) || /^net\d+$/.test(key)) removeFromBoot(guest, key);
}

export function applyPendingValue(sim: Sim, node: string, guest: Guest, key: string): void {
  const value = guest.pending[key];
  if (value === undefined) return;
  delete guest.pending[key];
  setOption(sim, node, guest, key, value);
}

/** Sets an option; another volume in the same place goes the way of a deleted one. */
function setOption(sim: Sim, node: string, guest: Guest, key: string, value: string): void {
  const old = guest.config[key];
  guest.config[key] = value;
  if (!isDriveKey(key)) return;
  const { file } = parseDrive(value);
  for (const [other, text] of Object.entries(guest.config)) {
    if (isUnusedKey(other) && parseDrive(text).file === file) delete guest.config[other];
  }
  if (old !== undefined && parseDrive(old).file !== file) releaseVolume(sim, node, guest, old, false);
}

function releaseVolume(sim: Sim, node: string, guest: Guest, value: string, freed: boolean): void {
  const drive = parseDrive(value);
  if (!ownsVolume(drive) || isStillUsed(guest, drive.file)) return;
  const volume = findVolume(sim.world, node, drive.file);
  if (volume === undefined || volume.vmid !== guest.vmid) return;
  if (freed || isCloudInit(drive)) removeVolume(sim.world, volume);
  else keepAsUnused(sim, node, guest, value);
}

/** The volume stays the guest's under the first free `unusedN`. */
export function keepAsUnused(sim: Sim, node: string, guest: Guest, value: string): void {
  const { file } = parseDrive(value);
  if (findVolume(sim.world, node, file) === undefined || isStillUsed(guest, file)) return;
  let number = 0;
  while (guest.config[`unused${number}`] !== undefined) number += 1;
  guest.config[`unused${number}`] = file;
}

function isStillUsed(guest: Guest, file: string): boolean {
  const sections = [guest.config, ...Object.values(guest.snapshots)];
  return sections.some((section) =>
    Object.entries(section).some(
      ([key, value]) => (isDriveKey(key) || isUnusedKey(key)) && parseDrive(value).file === file,
    ),
  );
}

function removeFromBoot(guest: Guest, key: string): void {
  const match = /^order=(.*)$/.exec(guest.config['boot'] ?? '');
  if (match === null) return;
  const order = (match[1] ?? '').split(';').filter((device) => device !== key);
  guest.config['boot'] = order.length === 0 ? ' ' : `order=${order.join(';')}`;
}
