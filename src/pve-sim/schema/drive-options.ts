// What may stand in a drive's value, per bus (pve-behaviour 21).
import { diskSizeFormat, driveFileFormat, sourceFormat } from './formats.ts';
import { choice, flag, integer, number, optional, type Property, type Schema, text } from './property.ts';
import { propertyFormat } from './property-format.ts';

const DRIVE_FORMATS = choice('raw', 'qcow', 'qed', 'qcow2', 'vmdk', 'cloop');

const throttles = (): Schema => {
  const limits: Record<string, Property> = {};
  for (const way of ['', '_rd', '_wr']) {
    limits[`bps${way}`] = optional(integer());
    limits[`bps${way}_max_length`] = optional(integer({ minimum: 1 }));
    limits[`mbps${way}`] = optional(number());
    limits[`mbps${way}_max`] = optional(number());
    limits[`iops${way}`] = optional(integer());
    limits[`iops${way}_max`] = optional(integer());
    limits[`iops${way}_max_length`] = optional(integer({ minimum: 1 }));
  }
  return limits;
};

const BASE: Schema = {
  ...throttles(),
  aio: optional(choice('native', 'threads', 'io_uring')),
  backup: flag(),
  cache: optional(choice('none', 'writethrough', 'writeback', 'unsafe', 'directsync')),
  detect_zeroes: flag(),
  discard: optional(choice('ignore', 'on')),
  file: text({ format: driveFileFormat }),
  format: optional(DRIVE_FORMATS),
  'import-from': optional(text({ format: sourceFormat })),
  media: optional(choice('cdrom', 'disk')),
  replicate: flag(),
  rerror: optional(choice('ignore', 'report', 'stop')),
  serial: optional(text({ maxLength: 60 })),
  shared: flag(),
  size: optional(text({ format: diskSizeFormat })),
  snapshot: flag(),
  werror: optional(choice('enospc', 'ignore', 'report', 'stop')),
};

const ssd: Schema = { ssd: flag(), wwn: optional(text({ pattern: /0x[0-9a-fA-F]{16}/ })) };
const threads: Schema = { iothread: flag(), ro: flag() };
const vendor: Schema = { product: optional(text({ maxLength: 16 })), vendor: optional(text({ maxLength: 8 })) };
const file = { defaultKey: 'file', aliases: { volume: 'file' } } as const;
const drive = (schema: Schema): Property => optional(text({ format: propertyFormat({ schema, ...file }) }));
const queues: Schema = { queues: optional(integer({ minimum: 2 })), scsiblock: flag() };

export const IDE = drive({ ...BASE, ...ssd, model: optional(text({ maxLength: 120 })) });
export const SATA = drive({ ...BASE, ...ssd });
export const SCSI = drive({ ...BASE, ...ssd, ...threads, ...vendor, ...queues });
export const VIRTIO = drive({ ...BASE, ...threads });
export const UNUSED = drive({ file: text({ format: sourceFormat }) });
export const EFIDISK = drive({
  efitype: optional(choice('2m', '4m')),
  file: text({ format: driveFileFormat }),
  format: optional(DRIVE_FORMATS),
  'import-from': optional(text({ format: sourceFormat })),
  'ms-cert': optional(choice('2011', '2023', '2023w', '2023k')),
  'pre-enrolled-keys': flag(),
  size: optional(text({ format: diskSizeFormat })),
});
export const TPMSTATE = drive({
  file: text({ format: driveFileFormat }),
  format: optional(choice('raw', 'qcow2', 'vmdk')),
  'import-from': optional(text({ format: sourceFormat })),
  size: optional(text({ format: diskSizeFormat })),
  version: optional(choice('v1.2', 'v2.0')),
});
