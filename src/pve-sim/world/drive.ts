// A drive's value: `local-lvm:vm-100-disk-0,iothread=1,size=32G`, and the questions asked about it (pve-behaviour 9.2, 21).
import { sortedOptions } from './options.ts';
import { formatProperties, normaliseBoolean, type Properties, parseProperties } from './property-string.ts';
import { formatSize, parseSize } from './size.ts';

export interface Drive {
  /** A volume id, `none`, `<storage>:<GiB>`, `<storage>:cloudinit` or a path. */
  readonly file: string;
  readonly options: Properties;
}

const BOOLEANS = new Set(['iothread', 'ssd', 'ro', 'backup', 'replicate', 'pre-enrolled-keys', 'detect_zeroes']);
const BUS_KEY = /^(ide|sata|scsi|virtio)\d+$/;
const DISK_KEY = /^(ide|sata|scsi|virtio|efidisk|tpmstate)\d+$/;

export function isDriveKey(key: string): boolean {
  return DISK_KEY.test(key);
}

/** A drive a guest can boot from or see as a disk or CD: no EFI or TPM state. */
export function isBusKey(key: string): boolean {
  return BUS_KEY.test(key);
}

export function isUnusedKey(key: string): boolean {
  return /^unused\d+$/.test(key);
}

export function parseDrive(text: string): Drive {
  const { file, volume, ...rest } = parseProperties(text, 'file');
  const options = Object.fromEntries(Object.entries(rest).map(readOption));
  const size = options['size'] === undefined ? undefined : parseSize(options['size']);
  return { file: file ?? volume ?? '', options: size === undefined ? options : { ...options, size: formatSize(size) } };
}

/** Limits in bytes become ones in MB, of which PVE's parser keeps nothing (golden vectors, `property_strings`). */
function readOption([key, value]: [string, string]): [string, string] {
  if (/^bps(?:_rd|_wr)?$/.test(key)) return [`m${key}`, '0.000'];
  return [key, BOOLEANS.has(key) ? normaliseBoolean(value) : value];
}

export function formatDrive(drive: Drive): string {
  return formatProperties({ ...drive.options, file: drive.file }, 'file');
}

export function isCdrom(drive: Drive): boolean {
  return drive.options['media'] === 'cdrom' || drive.file === 'none' || drive.file === 'cdrom';
}

export function isCloudInit(drive: Drive): boolean {
  return /^[^:]+:(?:.*\/)?(?:cloudinit$|vm-\d+-cloudinit(?:\.|$))/.test(drive.file);
}

/** Data disks, EFI and TPM state and PVE's own cloud-init drive: volumes that belong to the guest, not media. */
export function ownsVolume(drive: Drive): boolean {
  return drive.file.includes(':') && (!isCdrom(drive) || isCloudInit(drive));
}

/** The drives of a config, sorted by key: the order in which PVE works on them. */
export function drivesOf(config: Readonly<Record<string, string>>): [key: string, drive: Drive][] {
  return sortedOptions(config)
    .filter(([key]) => isDriveKey(key))
    .map(([key, value]) => [key, parseDrive(value)]);
}
