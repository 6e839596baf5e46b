// Disks and media of a running guest (pve-behaviour 11.5, 11.6): what can be plugged, changed in place, or taken out.
import { failure } from '../pve-error.ts';
import { type Drive, isCdrom, isCloudInit, parseDrive } from '../world/drive.ts';
import { bootDisks } from './boot-order.ts';
import { type Change, untilReleased } from './change.ts';
import { keepOrFree } from './guest-volumes.ts';

/** Part of the device: they change with the next start. The rest is set on the running one. */
const DEVICE_OPTIONS = ['aio', 'cache', 'discard', 'iothread', 'product', 'queues', 'ro', 'ssd', 'vendor'];

/** @returns false where the change waits for the next start. @throws why it failed */
export async function plugDrive(change: Change, mayPlug: boolean, key: string, value: string): Promise<boolean> {
  if (key === 'efidisk0' || key === 'tpmstate0') return false;
  const drive = parseDrive(value);
  const oldValue = change.guest.config[key];
  const old = oldValue === undefined ? undefined : parseDrive(oldValue);
  if (old !== undefined) {
    if (mediaOf(drive) !== mediaOf(old)) throw failure('unable to change media type');
    if (isCdrom(old)) return await changeMedium(change, drive, old);
    if (drive.file === old.file) return DEVICE_OPTIONS.every((name) => drive.options[name] === old.options[name]);
    if (!mayPlug) return false;
    await unplugDevice(change, key);
    await keepOrFree(change, old);
  }
  if (!mayPlug || /^(ide|sata)/.test(key)) return false;
  await change.process.work(change.sim.durations.hotplugMs);
  return true;
}

function mediaOf(drive: Drive): string {
  return drive.options['media'] ?? 'disk';
}

/** On any bus. An ejected cloud-init drive is freed. */
async function changeMedium(change: Change, drive: Drive, old: Drive): Promise<true> {
  await change.process.work(change.sim.durations.hotplugMs);
  if (drive.file === 'none' && isCloudInit(old)) await keepOrFree(change, old);
  return true;
}

/** The guest is asked to give the device back. @throws where it may not go, or does not */
export async function unplugDevice(change: Change, key: string): Promise<true> {
  const { sim, process, guest } = change;
  if (bootDisks(guest.config).includes(key)) throw failure(`can't unplug bootdisk '${key}'`);
  if (/^(ide|sata)/.test(key)) throw failure(`can't unplug device '${key}'`);
  await process.work(sim.durations.hotplugMs);
  const device = pciDeviceOf(change, key);
  if (device === undefined) return true;
  await untilReleased(change, `error on hot-unplugging device '${device}' - still busy in guest?`);
  return true;
}

/** What the guest has to give back: nothing for a disk on a SCSI controller that stays. */
function pciDeviceOf({ guest }: Change, key: string): string | undefined {
  if (!key.startsWith('scsi')) return key;
  return guest.config['scsihw'] === 'virtio-scsi-single' ? `virtio${key}` : undefined;
}
