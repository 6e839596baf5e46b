// Devices of a guest other than drives: NICs, passed-through hardware, display, sound and the like (pve-behaviour 21).
import { perProfile } from '../profiles/profile.ts';
import { NIC_MODELS } from '../world/net.ts';
import { words } from '../world/words.ts';
import { RANGES } from './cpu-options.ts';
import {
  bridgeFormat,
  configIdFormat,
  ipv4ConfigFormat,
  ipv4Format,
  ipv6ConfigFormat,
  ipv6Format,
  macFormat,
} from './formats.ts';
import { choice, flag, integer, number, optional, type Property, type PropertyString, text } from './property.ts';
import { propertyFormat } from './property-format.ts';

/** An optional property string. */
export const structured = (content: PropertyString, name?: string): Property =>
  optional(text({ format: propertyFormat(content, name) }));

export const net = perProfile((profile) =>
  structured({
    schema: {
      bridge: optional(text({ format: bridgeFormat })),
      firewall: flag(),
      ...(profile.has('nicHostTunnel') ? { 'host-tunnel': flag() } : {}),
      link_down: flag(),
      macaddr: optional(text({ format: macFormat })),
      model: choice(...NIC_MODELS),
      mtu: optional(integer({ minimum: 1, maximum: 65520 })),
      queues: optional(integer({ minimum: 0, maximum: profile.has('manyNicQueues') ? 64 : 16 })),
      rate: optional(number({ minimum: 0 })),
      tag: optional(integer({ minimum: 1, maximum: 4094 })),
      trunks: optional(text({ pattern: RANGES })),
    },
    defaultKey: 'model',
    models: NIC_MODELS,
  }),
);

export const ipconfig = structured(
  {
    schema: {
      gw: optional(text({ format: ipv4Format, requires: 'ip' })),
      gw6: optional(text({ format: ipv6Format, requires: 'ip6' })),
      ip: optional(text({ format: ipv4ConfigFormat })),
      ip6: optional(text({ format: ipv6ConfigFormat })),
    },
  },
  'pve-qm-ipconfig',
);

const VGA_TYPES = words('cirrus qxl qxl2 qxl3 qxl4 none serial0 serial1 serial2 serial3 std virtio virtio-gl vmware');
export const vga = perProfile((profile) =>
  structured({
    schema: {
      ...(profile.has('vncClipboard') ? { clipboard: optional(choice('vnc')) } : {}),
      memory: optional(integer({ minimum: 4, maximum: 512 })),
      type: optional(choice(...VGA_TYPES.filter((type) => type !== 'virtio-gl' || profile.has('virtioGl')))),
    },
    defaultKey: 'type',
  }),
);

export const rng = structured(
  {
    schema: {
      max_bytes: optional(integer()),
      period: optional(integer()),
      source: choice('/dev/urandom', '/dev/random', '/dev/hwrng'),
    },
    defaultKey: 'source',
  },
  'pve-qm-rng',
);

export const watchdog = structured(
  {
    schema: {
      action: optional(choice('reset', 'shutdown', 'poweroff', 'pause', 'debug', 'none')),
      model: optional(choice('i6300esb', 'ib700')),
    },
    defaultKey: 'model',
  },
  'pve-qm-watchdog',
);

export const audio = structured({
  schema: { device: choice('ich9-intel-hda', 'intel-hda', 'AC97'), driver: optional(choice('spice', 'none')) },
});

const USB_HOST = /(?:0x)?[0-9A-Fa-f]{4}:(?:0x)?[0-9A-Fa-f]{4}|\d+-\d+(?:\.\d+)*|[Ss][Pp][Ii][Cc][Ee]/;
/** With mappings a device may be named by one instead. */
export const usb = perProfile((profile) => {
  const host = text({ pattern: USB_HOST });
  return structured({
    schema: profile.has('mappings')
      ? { host: optional(host), mapping: optional(text({ format: configIdFormat })), usb3: flag() }
      : { host, usb3: flag() },
    defaultKey: 'host',
  });
});

const PCI_ID = /(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?/;
const hexId = optional(text({ pattern: /0x[0-9a-fA-F]{4}/ }));
export const hostpci = perProfile((profile) => {
  const host = text({ pattern: new RegExp(`${PCI_ID.source}(?:;${PCI_ID.source})*`) });
  return structured(
    {
      schema: {
        'device-id': hexId,
        ...(profile.has('mappings')
          ? { host: optional(host), mapping: optional(text({ format: configIdFormat })) }
          : { host }),
        ...(profile.has('pciDriver') ? { driver: optional(choice('vfio', 'keep')) } : {}),
        'legacy-igd': flag(),
        mdev: optional(text({ pattern: /[^/.:]+/ })),
        pcie: flag(),
        rombar: flag(),
        romfile: optional(text({ pattern: /[^,;]+/ })),
        'sub-device-id': hexId,
        'sub-vendor-id': hexId,
        'vendor-id': hexId,
        'x-vga': flag(),
      },
      defaultKey: 'host',
    },
    'pve-qm-hostpci',
  );
});

export const ivshmem = structured({
  schema: { name: optional(text({ pattern: /[a-zA-Z0-9-]+/ })), size: integer({ minimum: 1 }) },
});

export const virtiofs = structured({
  schema: {
    cache: optional(choice('auto', 'always', 'metadata', 'never')),
    'direct-io': flag(),
    dirid: text({ format: configIdFormat }),
    'expose-acl': flag(),
    'expose-xattr': flag(),
  },
  defaultKey: 'dirid',
});

export const spice = structured({
  schema: { foldersharing: flag(), videostreaming: optional(choice('off', 'all', 'filter')) },
});
