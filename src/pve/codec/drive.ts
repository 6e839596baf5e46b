import { canonicalFlags, formatProperties, parseProperties, type Properties, restOf } from './property-string.ts';
import { formatSize, parseSize } from './size.ts';

/** A disk or medium: ideN, sataN, scsiN, virtioN, efidisk0, tpmstate0, unusedN (pve-behaviour 9.2, 21). */
export interface Drive {
  /** A volume id, `none`, a path, or what asks for a new volume: `local-lvm:32`, `local-lvm:cloudinit`. */
  readonly file: string;
  readonly media?: string | undefined;
  /** Informational: changing it resizes nothing. */
  readonly sizeBytes?: number | undefined;
  /** Every other option, as stored. */
  readonly rest?: Properties | undefined;
}

const FLAGS = [
  'backup',
  'detect_zeroes',
  'iothread',
  'pre-enrolled-keys',
  'replicate',
  'ro',
  'shared',
  'snapshot',
  'ssd',
];

/** Undefined where PVE could not read it. */
export function parseDrive(text: string): Drive | undefined {
  const parsed = parseProperties(text, 'file');
  const properties = parsed === undefined ? undefined : canonicalFlags(parsed, FLAGS);
  const file = properties?.['file'];
  if (properties === undefined || file === undefined) return undefined;
  const { media, size } = properties;
  const sizeBytes = size === undefined ? undefined : parseSize(size);
  if (size !== undefined && sizeBytes === undefined) return undefined;
  return { file, media, sizeBytes, rest: restOf(properties, ['file', 'media', 'size']) };
}

export function formatDrive(drive: Drive): string {
  const size = drive.sizeBytes === undefined ? undefined : formatSize(drive.sizeBytes);
  return formatProperties({ ...drive.rest, file: drive.file, media: drive.media, size }, 'file');
}

/** A CD, empty or not; PVE's cloud-init drive is one too. */
export function isCdrom(drive: Drive): boolean {
  return drive.media === 'cdrom';
}

/** PVE's own cloud-init drive: `local-lvm:vm-100-cloudinit`, or the wish for one, `local-lvm:cloudinit`. */
export function isCloudInitDrive(drive: Drive): boolean {
  return /(^|[:/])(vm-\d+-)?cloudinit(\.\w+)?$/.test(drive.file);
}

/** The storage in a volume id; undefined for `none` and for paths. */
export function storageOf(drive: Drive): string | undefined {
  return /^([a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]):/.exec(drive.file)?.[1];
}
