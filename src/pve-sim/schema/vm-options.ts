// Every option of a guest's config with what PVE accepts as its value (pve-behaviour 21, golden vectors `validation`).
import { perProfile } from '../profiles/profile.ts';
import { NIC_MODELS } from '../world/net.ts';
import { bootFormat, cpuFormat } from './boot-and-cpu-formats.ts';
import { EFIDISK, IDE, SATA, SCSI, TPMSTATE, UNUSED, VIRTIO } from './drive-options.ts';
import {
  addressFormat,
  bridgeFormat,
  configIdFormat,
  dnsNameFormat,
  hotplugFormat,
  ipv4ConfigFormat,
  ipv4Format,
  ipv6ConfigFormat,
  ipv6Format,
  macFormat,
  startupFormat,
  storageIdFormat,
  tagFormat,
  urlencodedFormat,
  volumeFormat,
} from './formats.ts';
import { KEYBOARDS } from './keyboards.ts';
import { choice, flag, integer, number, optional, type Property, type Schema, listText, text } from './property.ts';
import { type PropertyFormat, propertyFormat } from './property-format.ts';

const structured = (description: PropertyFormat, maxLength?: number): Property =>
  optional(text({ format: propertyFormat(description), ...(maxLength === undefined ? {} : { maxLength }) }));
const numbered = (name: string, count: number, property: Property): Schema =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, property]));

const MACHINE =
  /pc|pc(-i440fx)?-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|q35|pc-q35-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|virt(?:-\d+(\.\d+)+)?(\+pve\d+)?/;
const BASE64 = /[A-Za-z0-9+/]+={0,2}/;
const RANGES = /\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*/;
const UUID = /[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}/;
const VGA = [
  'cirrus',
  'qxl',
  'qxl2',
  'qxl3',
  'qxl4',
  'none',
  'serial0',
  'serial1',
  'serial2',
  'serial3',
  'std',
  'virtio',
  'virtio-gl',
  'vmware',
];

export const machineProperty = structured({
  schema: {
    'aw-bits': optional(number({ minimum: 32, maximum: 64 })),
    'enable-s3': flag(),
    'enable-s4': flag(),
    type: optional(text({ maxLength: 40, pattern: MACHINE })),
    viommu: optional(choice('intel', 'virtio')),
  },
  defaultKey: 'type',
});

const net = structured({
  schema: {
    bridge: optional(text({ format: bridgeFormat })),
    firewall: flag(),
    link_down: flag(),
    macaddr: optional(text({ format: macFormat })),
    model: choice(...NIC_MODELS),
    mtu: optional(integer({ minimum: 1, maximum: 65520 })),
    queues: optional(integer({ minimum: 0, maximum: 64 })),
    rate: optional(number({ minimum: 0 })),
    tag: optional(integer({ minimum: 1, maximum: 4094 })),
    trunks: optional(text({ pattern: RANGES })),
  },
  defaultKey: 'model',
  models: NIC_MODELS,
});

const ipconfig = structured({
  schema: {
    gw: optional(text({ format: ipv4Format, requires: 'ip' })),
    gw6: optional(text({ format: ipv6Format, requires: 'ip6' })),
    ip: optional(text({ format: ipv4ConfigFormat })),
    ip6: optional(text({ format: ipv6ConfigFormat })),
  },
});

const agent = structured({
  schema: {
    enabled: { type: 'boolean' },
    'freeze-fs-on-backup': flag(),
    fstrim_cloned_disks: flag(),
    type: optional(choice('virtio', 'isa')),
  },
  defaultKey: 'enabled',
});

const smbiosText = optional(text({ pattern: BASE64 }));
const smbios1 = structured(
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
  512,
);

const vga = structured({
  schema: {
    clipboard: optional(choice('vnc')),
    memory: optional(integer({ minimum: 4, maximum: 512 })),
    type: optional(choice(...VGA)),
  },
  defaultKey: 'type',
});

const volume = optional(text({ format: volumeFormat }));
const cicustom = structured({ schema: { meta: volume, network: volume, user: volume, vendor: volume } });
const rng = structured({
  schema: {
    max_bytes: optional(integer()),
    period: optional(integer()),
    source: choice('/dev/urandom', '/dev/random', '/dev/hwrng'),
  },
  defaultKey: 'source',
});
const watchdog = structured({
  schema: {
    action: optional(choice('reset', 'shutdown', 'poweroff', 'pause', 'debug', 'none')),
    model: optional(choice('i6300esb', 'ib700')),
  },
  defaultKey: 'model',
});
const numaNode = structured({
  schema: {
    cpus: text({ pattern: RANGES }),
    hostnodes: optional(text({ pattern: RANGES })),
    memory: optional(number()),
    policy: optional(choice('preferred', 'bind', 'interleave')),
  },
});
const audio = structured({
  schema: { device: choice('ich9-intel-hda', 'intel-hda', 'AC97'), driver: optional(choice('spice', 'none')) },
});
const usb = structured({
  schema: { host: optional(text()), mapping: optional(text({ format: configIdFormat })), usb3: flag() },
  defaultKey: 'host',
});

const LOCK_NAMES = [
  'backup',
  'clone',
  'create',
  'migrate',
  'rollback',
  'snapshot',
  'snapshot-delete',
  'suspending',
  'suspended',
];

/** What may be read, set on create, and changed later: the same keys in all three. */
export const vmOptions = perProfile(
  (profile): Schema => ({
    acpi: flag(),
    affinity: optional(text()),
    agent,
    'allow-ksm': flag(),
    'amd-sev': optional(text()),
    arch: optional(choice('x86_64', 'aarch64')),
    args: optional(text()),
    audio0: audio,
    autostart: flag(),
    balloon: optional(integer({ minimum: 0 })),
    bios: optional(choice('seabios', 'ovmf')),
    boot: optional(text({ format: bootFormat })),
    bootdisk: optional(text({ pattern: /(ide|sata|scsi|virtio)\d+/ })),
    cdrom: IDE,
    cicustom,
    cipassword: optional(text()),
    citype: optional(choice('configdrive2', 'nocloud', 'opennebula')),
    ...(profile.has('ciupgrade') ? { ciupgrade: flag() } : {}),
    ciuser: optional(text()),
    cores: optional(integer({ minimum: 1 })),
    cpu: optional(text({ format: cpuFormat })),
    cpulimit: optional(number({ minimum: 0, maximum: 128 })),
    cpuunits: optional(integer({ minimum: 1, maximum: 262144 })),
    description: optional(text({ maxLength: 8192 })),
    efidisk0: EFIDISK,
    freeze: flag(),
    hookscript: optional(text({ format: volumeFormat })),
    hotplug: optional(text({ format: hotplugFormat })),
    hugepages: optional(choice('any', '2', '1024')),
    'intel-tdx': optional(text()),
    ivshmem: optional(text()),
    keephugepages: flag(),
    keyboard: optional(choice(...KEYBOARDS)),
    kvm: flag(),
    localtime: flag(),
    lock: optional(choice(...LOCK_NAMES)),
    machine: machineProperty,
    memory: profile.has('memoryIsString')
      ? structured({ schema: { current: integer({ minimum: 16 }) }, defaultKey: 'current' })
      : optional(integer({ minimum: 16 })),
    migrate_downtime: optional(number({ minimum: 0 })),
    migrate_speed: optional(integer({ minimum: 0 })),
    name: optional(text({ format: dnsNameFormat })),
    nameserver: listText(addressFormat),
    numa: flag(),
    onboot: flag(),
    ostype: optional(
      choice(
        'other',
        'wxp',
        'w2k',
        'w2k3',
        'w2k8',
        'wvista',
        'win7',
        'win8',
        'win10',
        'win11',
        'l24',
        'l26',
        'solaris',
      ),
    ),
    protection: flag(),
    reboot: flag(),
    rng0: rng,
    scsihw: optional(choice('lsi', 'lsi53c810', 'virtio-scsi-pci', 'virtio-scsi-single', 'megasas', 'pvscsi')),
    searchdomain: optional(text()),
    shares: optional(integer({ minimum: 0, maximum: 50000 })),
    smbios1,
    smp: optional(integer({ minimum: 1 })),
    sockets: optional(integer({ minimum: 1 })),
    spice_enhancements: optional(text()),
    sshkeys: optional(text({ format: urlencodedFormat })),
    startdate: optional(text({ pattern: /(now|\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}:\d{1,2}:\d{1,2})?)/ })),
    startup: optional(text({ format: startupFormat })),
    tablet: flag(),
    tags: listText(tagFormat),
    tdf: flag(),
    template: flag(),
    tpmstate0: TPMSTATE,
    vcpus: optional(integer({ minimum: 1 })),
    vga,
    vmgenid: optional(text({ pattern: new RegExp(`(?:${UUID.source}|[01])`) })),
    vmstatestorage: optional(text({ format: storageIdFormat })),
    watchdog,
    ...numbered('hostpci', 16, optional(text())),
    ...numbered('ide', 4, IDE),
    ...numbered('ipconfig', 32, ipconfig),
    ...numbered('net', 32, net),
    ...numbered('numa', 8, numaNode),
    ...numbered('parallel', 3, optional(text({ pattern: /\/dev\/parport\d+|\/dev\/usb\/lp\d+/ }))),
    ...numbered('sata', 6, SATA),
    ...numbered('scsi', 31, SCSI),
    ...numbered('serial', 4, optional(text({ pattern: /(\/dev\/[^,]+|socket)/ }))),
    ...numbered('unused', 256, UNUSED),
    ...numbered('usb', 14, usb),
    ...numbered('virtio', 16, VIRTIO),
    ...numbered('virtiofs', 10, optional(text())),
  }),
);

/** The disks that resize, move and the like take, in the order PVE lists them. */
export const DISK_KEYS = [
  ...Object.keys(numbered('ide', 4, IDE)),
  ...Object.keys(numbered('scsi', 31, SCSI)),
  ...Object.keys(numbered('virtio', 16, VIRTIO)),
  ...Object.keys(numbered('sata', 6, SATA)),
  'efidisk0',
  'tpmstate0',
];
