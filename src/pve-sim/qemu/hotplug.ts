// Which change a running guest takes at once, which waits for its next start, and which fails (pve-behaviour 11.5, 11.6, 28.10).
import { isCdrom, parseDrive } from '../world/drive.ts';
import { isNicKey, parseNic } from '../world/net.ts';
import { parseProperties } from '../world/property-string.ts';
import type { Guest } from '../world/world.ts';
import { maxCpus, memoryMib } from './guest-status.ts';
import { isCloudInitKey } from './option-access.ts';

export interface HotplugOutcome {
  readonly live: boolean;
  /** The guest has to take or give back a device. */
  readonly takesTime: boolean;
  /** Why it failed; the change stays pending. */
  readonly problem: string | undefined;
  /** What is stored instead of the value that was asked for. */
  readonly stored?: string;
}

const LIVE: HotplugOutcome = { live: true, takesTime: false, problem: undefined };
const DEVICE: HotplugOutcome = { live: true, takesTime: true, problem: undefined };
const PENDING: HotplugOutcome = { live: false, takesTime: false, problem: undefined };
const failed = (problem: string): HotplugOutcome => ({ live: false, takesTime: false, problem });

const ALWAYS_LIVE =
  /^(name|description|tags|onboot|autostart|startup|protection|shares|hookscript|vmstatestorage|migrate_\w+|lock|cpulimit|cpuunits|unused\d+)$/;

/** @param value undefined where the option is deleted */
export function hotplug(guest: Guest, key: string, value: string | undefined): HotplugOutcome {
  const old = guest.config[key];
  if (ALWAYS_LIVE.test(key) || isCloudInitKey(key)) return LIVE;
  if (isNicKey(key)) return nic(guest, old, value);
  if (/^(scsi|virtio)\d+$/.test(key)) return disk(guest, key, old, value);
  if (/^(ide|sata)\d+$/.test(key)) return medium(old, value);
  if (key === 'vcpus') return vcpus(guest, value);
  if (key === 'memory') return memory(guest, value);
  if (key === 'balloon') return balloon(old, value);
  if (key === 'agent') return agent(old, value);
  if (key === 'hotplug') return /cpu|memory/.test(`${old ?? ''} ${value ?? ''}`) ? PENDING : LIVE;
  if (/^usb\d+$/.test(key) || key === 'tablet') return hotplugFeatures(guest).has('usb') ? DEVICE : PENDING;
  return PENDING;
}

/** What the guest's config says can be plugged while it runs; network, disk and usb where it says nothing. */
export function hotplugFeatures(guest: Guest): Set<string> {
  const value = guest.config['hotplug'] ?? '1';
  if (value === '0') return new Set();
  return new Set(value === '1' ? ['network', 'disk', 'usb'] : value.split(/[,;\s]+/));
}

/** Bridge, tag, rate and the like change live; model, MAC and queues are another device. */
function nic(guest: Guest, old: string | undefined, value: string | undefined): HotplugOutcome {
  if (old !== undefined && value !== undefined && deviceOf(old) === deviceOf(value)) return LIVE;
  return hotplugFeatures(guest).has('network') ? DEVICE : PENDING;
}

function deviceOf(value: string): string {
  const { model, mac, options } = parseNic(value);
  return [model, mac?.toLowerCase(), options['queues'], options['mtu']].join('|');
}

const DEVICE_OPTIONS = ['aio', 'cache', 'discard', 'iothread', 'product', 'queues', 'ro', 'ssd', 'vendor'];

function disk(guest: Guest, key: string, old: string | undefined, value: string | undefined): HotplugOutcome {
  if (old !== undefined && value !== undefined) {
    const [before, after] = [parseDrive(old), parseDrive(value)];
    if (before.file === after.file) {
      return DEVICE_OPTIONS.every((name) => before.options[name] === after.options[name]) ? LIVE : PENDING;
    }
    if (isCdrom(before) && isCdrom(after)) return LIVE;
  }
  if (!hotplugFeatures(guest).has('disk')) return PENDING;
  if (old !== undefined && isBootDisk(guest, key)) return failed(`can't unplug bootdisk '${key}'`);
  return DEVICE;
}

function isBootDisk(guest: Guest, key: string): boolean {
  const order = /order=([^,]+)/.exec(guest.config['boot'] ?? '')?.[1]?.split(';') ?? [];
  return order.includes(key);
}

/** IDE and SATA drives cannot come or go, but a CD can be changed. */
function medium(old: string | undefined, value: string | undefined): HotplugOutcome {
  if (old === undefined || value === undefined) return PENDING;
  return isCdrom(parseDrive(old)) && isCdrom(parseDrive(value)) ? LIVE : PENDING;
}

function vcpus(guest: Guest, value: string | undefined): HotplugOutcome {
  const limit = maxCpus(guest.config);
  if (!hotplugFeatures(guest).has('cpu')) return PENDING;
  if (Number(value ?? limit) > limit) return failed("you can't add more vcpus than maxcpus");
  return DEVICE;
}

/** DIMMs of growing size beyond the memory a guest boots with; the request is rounded up to a border (pve-behaviour 11.7). */
export const BOOT_MEMORY_MIB = 1024;
const DIMMS_PER_SIZE = 32;
const SMALLEST_DIMM_MIB = 512;

function memory(guest: Guest, value: string | undefined): HotplugOutcome {
  if (!hotplugFeatures(guest).has('memory') || guest.config['numa'] !== '1' || value === undefined) return PENDING;
  const wanted = memoryMib({ memory: value });
  if (wanted < BOOT_MEMORY_MIB) {
    return failed(
      `memory can't be lower than ${BOOT_MEMORY_MIB} MB at /usr/share/perl5/PVE/QemuServer/Memory.pm line 300.`,
    );
  }
  return { ...DEVICE, stored: String(dimmBorder(wanted)) };
}

function dimmBorder(wantedMib: number): number {
  let border = BOOT_MEMORY_MIB;
  for (let size = SMALLEST_DIMM_MIB; ; size *= 2) {
    for (let count = 0; count < DIMMS_PER_SIZE; count += 1) {
      if (border >= wantedMib) return border;
      border += size;
    }
  }
}

/** Switching the device on or off needs a restart, a new value does not. */
function balloon(old: string | undefined, value: string | undefined): HotplugOutcome {
  return (old === '0') === (value === '0') ? LIVE : PENDING;
}

function agent(old: string | undefined, value: string | undefined): HotplugOutcome {
  if (old === undefined || value === undefined) return PENDING;
  const [before, after] = [old, value].map((text) => ({ enabled: '0', ...parseProperties(text, 'enabled') }));
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  keys.delete('fstrim_cloned_disks');
  const same = [...keys].every(
    (key) => (before as Record<string, string>)[key] === (after as Record<string, string>)[key],
  );
  return same ? LIVE : PENDING;
}
