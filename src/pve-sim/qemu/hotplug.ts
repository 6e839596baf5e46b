// A running guest and its pending changes (pve-behaviour 11.5, 11.6, 28.10): some are taken at once, some wait for the next
// start, and some fail and wait as well.
import { writeDrive } from '../cloudinit/drive.ts';
import { isBehind } from '../cloudinit/pending.ts';
import { taskErrorText } from '../pve-error.ts';
import { isCloudInit, isDriveKey, parseDrive } from '../world/drive.ts';
import { isNicKey } from '../world/net.ts';
import { formatProperties, normaliseBoolean, parseProperties } from '../world/property-string.ts';
import { splitList } from '../world/lists.ts';
import type { Guest } from '../world/world.ts';
import { detachDrive } from './apply-pending.ts';
import type { Change } from './change.ts';
import { recordCloudInitChange } from './cloudinit-changes.ts';
import { plugVcpus } from './cpu-hotplug.ts';
import { plugDrive, unplugDevice } from './drive-hotplug.ts';
import { dropUsedAgain } from './guest-volumes.ts';
import { plugMemory } from './memory-hotplug.ts';
import { plugNic } from './nic-hotplug.ts';
import { isCloudInitKey } from './option-access.ts';

/** What changes nothing in the running process. */
const FAST =
  /^(description|hookscript|lock|migrate_downtime|migrate_speed|name|onboot|protection|shares|startup|tags|vmstatestorage)$/;

const DEFAULT_MEMORY = '512';

type Features = ReadonlySet<string>;

/** What the guest's config says can be plugged while it runs; network, disk and usb where it says nothing. */
export function hotplugFeatures(guest: Guest): Features {
  const value = guest.config['hotplug'] ?? '1';
  if (value === '0') return new Set();
  return new Set(value === '1' ? ['network', 'disk', 'usb'] : splitList(value));
}

/**
 * @param selected the options this call is about; others that are pending are left alone
 * @returns why some failed, by option; they stay pending
 */
export async function plugPending(change: Change, selected: ReadonlySet<string>): Promise<Record<string, string>> {
  const { guest } = change;
  const features = hotplugFeatures(guest);
  const errors: Record<string, string> = {};
  const attempt = async (key: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      errors[key] = `hotplug problem - ${taskErrorText(error)}\n`;
    }
  };
  for (const key of Object.keys(guest.pending).filter(isFast)) commit(guest, key, guest.pending[key] ?? '');
  for (const key of Object.keys(guest.pendingDelete).sort()) {
    if (!selected.has(key)) continue;
    await attempt(key, async () => {
      if (await takeAway(change, features, key)) forget(guest, key);
    });
  }
  for (const [key, value] of cloudInitLast(guest.pending)) {
    if (!selected.has(key)) continue;
    await attempt(key, async () => {
      const taken = await take(change, features, key, value);
      if (taken === undefined) return;
      commit(guest, key, taken);
      if (isCloudInitDrive(key, value)) await writeDrive(change.sim, change.process, guest);
    });
  }
  dropUsedAgain(guest);
  if (features.has('cloudinit') && isBehind(guest)) await writeDrive(change.sim, change.process, guest);
  return errors;
}

/** The drive is made from all the other changes. */
function cloudInitLast(pending: Readonly<Record<string, string>>): [string, string][] {
  const rank = ([key, value]: [string, string]): number => Number(isCloudInitDrive(key, value));
  return Object.entries(pending).toSorted((a, b) => rank(a) - rank(b));
}

function isCloudInitDrive(key: string, value: string): boolean {
  return isDriveKey(key) && isCloudInit(parseDrive(value));
}

function isFast(key: string): boolean {
  return FAST.test(key) || isCloudInitKey(key);
}

function commit(guest: Guest, key: string, value: string): void {
  recordCloudInitChange(guest, key, value);
  guest.config[key] = value;
  delete guest.pending[key];
}

function forget(guest: Guest, key: string): void {
  recordCloudInitChange(guest, key, undefined);
  delete guest.config[key];
  delete guest.pendingDelete[key];
}

/** Takes a new value. @returns what is stored for it, undefined where it waits. @throws why it failed */
async function take(change: Change, features: Features, key: string, value: string): Promise<string | undefined> {
  const { sim, process, guest } = change;
  const old = guest.config[key];
  const when = (isTaken: boolean): string | undefined => (isTaken ? value : undefined);
  if (isNicKey(key)) return when(await plugNic(change, features.has('network'), key, value));
  if (isDriveKey(key)) return when(await plugDrive(change, features.has('disk'), key, value));
  if (key === 'vcpus' && features.has('cpu')) return when(await plugVcpus(change, Number(value)));
  if (key === 'memory' && features.has('memory')) return await plugMemory(change, value);
  if ((/^usb\d+$/.test(key) && takesUsb(guest, features)) || (key === 'tablet' && features.has('usb'))) {
    await process.work(sim.durations.hotplugMs);
    return value;
  }
  if (key === 'balloon') return when((old === '0') === (value === '0'));
  if (key === 'agent') return when(isSameAgent(old, value));
  if (key === 'hotplug') return when(!mentionsCpuOrMemory(old, value));
  return when(key === 'cpulimit' || key === 'cpuunits');
}

/** Takes an option away. @returns false where that waits. @throws why it failed */
async function takeAway(change: Change, features: Features, key: string): Promise<boolean> {
  const { guest } = change;
  if (isNicKey(key)) return features.has('network') && (await unplugDevice(change, key));
  if (isDriveKey(key)) return await takeDriveAway(change, features, key);
  if (key === 'vcpus') return features.has('cpu') && (await plugVcpus(change, undefined));
  if (key === 'memory') return features.has('memory') && (await dropMemory(change));
  if (/^usb\d+$/.test(key)) return takesUsb(guest, features);
  if (key === 'tablet') return features.has('usb');
  if (key === 'balloon') return guest.config['balloon'] !== '0';
  if (key === 'hotplug') return !mentionsCpuOrMemory(guest.config['hotplug']);
  return isFast(key) || key === 'cpulimit' || key === 'cpuunits';
}

async function takeDriveAway(change: Change, features: Features, key: string): Promise<boolean> {
  if (!features.has('disk') || !/^(scsi|virtio)\d/.test(key)) return false;
  await unplugDevice(change, key);
  await detachDrive(change, key);
  return true;
}

/** Back to the default, which is less than a guest with DIMMs can have. */
async function dropMemory(change: Change): Promise<true> {
  await plugMemory(change, DEFAULT_MEMORY);
  return true;
}

function mentionsCpuOrMemory(...values: readonly (string | undefined)[]): boolean {
  return values.some((value) => /cpu|memory/.test(value ?? ''));
}

/** USB devices come and go with Linux and Windows 8 and later. */
function takesUsb(guest: Guest, features: Features): boolean {
  return features.has('usb') && /^(l26|win8|win10|win11)$/.test(guest.config['ostype'] ?? '');
}

/** Whether nothing but `fstrim_cloned_disks` is different: the rest is part of the running process. */
function isSameAgent(old: string | undefined, value: string): boolean {
  if (old === undefined || old === '0') return false;
  return agentOf(old) === agentOf(value);
}

function agentOf(text: string): string {
  const { enabled = '0', fstrim_cloned_disks: _, ...rest } = parseProperties(text, 'enabled');
  return normaliseBoolean(enabled) === '1' ? `on,${formatProperties(rest)}` : '';
}
