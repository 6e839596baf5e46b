// What may stand in a drive's value, per bus (pve-behaviour 21).
import { perProfile, type Profile } from '../profiles/profile.ts';
import { diskSizeFormat, driveFileFormat, sourceFormat, urlencodedFormat, volumeFormat } from './formats.ts';
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

const urlencoded = (maxLength: number): Property => optional(text({ format: urlencodedFormat, maxLength }));

const base = (profile: Profile): Schema => ({
  ...throttles(),
  aio: optional(choice('native', 'threads', 'io_uring')),
  backup: flag(),
  cache: optional(choice('none', 'writethrough', 'writeback', 'unsafe', 'directsync')),
  detect_zeroes: flag(),
  discard: optional(choice('ignore', 'on')),
  file: text({ format: driveFileFormat }),
  format: optional(DRIVE_FORMATS),
  ...importSource(profile),
  ...(profile.has('diskGeometry')
    ? {
        cyls: optional(integer()),
        heads: optional(integer()),
        secs: optional(integer()),
        trans: optional(choice('none', 'lba', 'auto')),
      }
    : {}),
  media: optional(choice('cdrom', 'disk')),
  replicate: flag(),
  rerror: optional(choice('ignore', 'report', 'stop')),
  serial: urlencoded(60),
  shared: flag(),
  size: optional(text({ format: diskSizeFormat })),
  snapshot: flag(),
  werror: optional(choice('enospc', 'ignore', 'report', 'stop')),
});

const importSource = (profile: Profile): Schema =>
  profile.has('importFrom') ? { 'import-from': optional(text({ format: sourceFormat })) } : {};

const ssd: Schema = { ssd: flag(), wwn: optional(text({ pattern: /0x[0-9a-fA-F]{16}/ })) };
const threads: Schema = { iothread: flag(), ro: flag() };
const vendor: Schema = {
  product: optional(text({ pattern: /[A-Za-z0-9\-_\s]{0,16}/ })),
  vendor: optional(text({ pattern: /[A-Za-z0-9\-_\s]{0,8}/ })),
};
const queues: Schema = { queues: optional(integer({ minimum: 2 })), scsiblock: flag() };
const size = optional(text({ format: diskSizeFormat }));
const file = text({ format: driveFileFormat });

/** @param name PVE's own name of the format, where an option refers to it by that */
const drive = (schema: Schema, aliases: Readonly<Record<string, string>> = {}, name?: string): Property =>
  optional(
    text({ format: propertyFormat({ schema, defaultKey: 'file', aliases: { volume: 'file', ...aliases } }, name) }),
  );

/** Older names of the throttles' lengths. */
const LENGTHS = Object.fromEntries(
  ['bps_rd', 'bps_wr', 'iops_rd', 'iops_wr'].map((limit) => [`${limit}_length`, `${limit}_max_length`]),
);

const ideSchema = (profile: Profile): Schema => ({ ...base(profile), ...ssd, model: urlencoded(120) });
export const ide = perProfile((profile) => drive(ideSchema(profile), LENGTHS));
/** `cdrom` is `ide2`. */
export const cdrom = perProfile((profile) => drive(ideSchema(profile), LENGTHS, 'pve-qm-ide'));
export const sata = perProfile((profile) => drive({ ...base(profile), ...ssd }, LENGTHS));
export const scsi = perProfile((profile) =>
  drive({ ...base(profile), ...ssd, ...threads, ...queues, ...(profile.has('scsiVendor') ? vendor : {}) }, LENGTHS),
);
export const virtio = perProfile((profile) => drive({ ...base(profile), ...threads }, LENGTHS));
export const unused = drive({ file: text({ format: volumeFormat }) });
export const efidisk = perProfile((profile) =>
  drive({
    file,
    format: optional(DRIVE_FORMATS),
    ...importSource(profile),
    ...(profile.has('secureBoot') ? { efitype: optional(choice('2m', '4m')), 'pre-enrolled-keys': flag() } : {}),
    ...(profile.has('efiCertificates') ? { 'ms-cert': optional(choice('2011', '2023', '2023w', '2023k')) } : {}),
    size,
  }),
);
export const tpmstate = perProfile((profile) =>
  drive({
    file,
    ...(profile.has('tpmFormats') ? { format: optional(choice('raw', 'qcow2', 'vmdk')) } : {}),
    ...importSource(profile),
    size,
    version: optional(choice('v1.2', 'v2.0')),
  }),
);
