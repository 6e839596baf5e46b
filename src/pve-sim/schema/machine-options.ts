// What a guest is apart from its devices: machine type, memory, boot order, agent, SMBIOS (pve-behaviour 21).
import { perProfile } from '../profiles/profile.ts';
import { structured } from './device-options.ts';
import { volumeFormat } from './formats.ts';
import { choice, flag, type Format, integer, listText, number, optional, type Property, text } from './property.ts';
import { propertyFormat } from './property-format.ts';

const MACHINE =
  /pc|pc(-i440fx)?-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|q35|pc-q35-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|virt(?:-\d+(\.\d+)+)?(\+pve\d+)?/;
const machineType = optional(text({ maxLength: 40, pattern: MACHINE }));

/** A plain text at first. */
export const machine = perProfile(
  (profile): Property =>
    profile.has('machineIsString')
      ? structured({
          schema: {
            ...(profile.has('machinePowerStates')
              ? {
                  'aw-bits': optional(number({ minimum: 32, maximum: 64 })),
                  'enable-s3': flag(),
                  'enable-s4': flag(),
                }
              : {}),
            type: machineType,
            viommu: optional(choice('intel', 'virtio')),
          },
          defaultKey: 'type',
        })
      : machineType,
);

/** A plain number at first. */
export const memory = perProfile((profile) =>
  profile.has('memoryIsString')
    ? structured({ schema: { current: integer({ minimum: 16 }) }, defaultKey: 'current' })
    : optional(integer({ minimum: 16 })),
);

const BOOT_DEVICE =
  /^(?:ide[0-3]|sata[0-5]|scsi(?:[12]?\d|30)|virtio(?:1[0-5]|\d)|net(?:[12]?\d|3[01])|usb(?:1[0-3]|\d)|hostpci(?:1[0-5]|\d))$/;
const bootDevice: Format = {
  name: 'pve-qm-bootdev',
  check: (value) => (BOOT_DEVICE.test(value) ? undefined : `invalid boot device '${value}'`),
};
export const boot = structured(
  {
    schema: { legacy: optional(text({ pattern: /[acdn]{1,4}/ })), order: listText(bootDevice) },
    defaultKey: 'legacy',
  },
  'pve-qm-boot',
);

export const bootdisk: Property = optional(
  text({
    pattern: /(ide|sata|scsi|virtio)\d+/,
    format: {
      name: 'pve-qm-bootdisk',
      check: (value) => (/^(?:ide|sata|scsi|virtio)\d+$/.test(value) ? undefined : `invalid boot disk '${value}'`),
    },
  }),
);

/** The freezing of filesystems was renamed once more in 9.2. */
export const agent = perProfile((profile) => {
  const schema = {
    enabled: { type: 'boolean' } as const,
    fstrim_cloned_disks: flag(),
    type: optional(choice('virtio', 'isa')),
  };
  if (!profile.has('agentFreezeFs')) return structured({ schema, defaultKey: 'enabled' });
  const [key, ...others] = profile.has('agentFreezeFsRenamed')
    ? (['freeze-fs', 'freeze-fs-on-backup', 'guest-fsfreeze'] as const)
    : (['freeze-fs-on-backup'] as const);
  const aliases = Object.fromEntries(others.map((other) => [other, key]));
  return structured({ schema: { ...schema, [key]: flag() }, defaultKey: 'enabled', aliases });
});

const UUID = /[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}/;
const smbiosText = optional(text({ pattern: /[A-Za-z0-9+/]+={0,2}/ }));
export const smbios1: Property = optional(
  text({
    maxLength: 512,
    format: propertyFormat(
      {
        schema: {
          base64: flag(),
          family: smbiosText,
          manufacturer: smbiosText,
          product: smbiosText,
          serial: smbiosText,
          sku: smbiosText,
          uuid: optional(text({ pattern: UUID })),
          version: smbiosText,
        },
      },
      'pve-qm-smbios1',
    ),
  }),
);
export const vmgenid: Property = optional(text({ pattern: new RegExp(`(?:${UUID.source}|[01])`) }));

const volume = optional(text({ format: volumeFormat }));
export const cicustom = perProfile((profile) =>
  structured(
    {
      schema: {
        meta: volume,
        network: volume,
        user: volume,
        ...(profile.has('vendorData') ? { vendor: volume } : {}),
      },
    },
    'pve-qm-cicustom',
  ),
);
