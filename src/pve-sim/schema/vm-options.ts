// Every option of a guest's config with what PVE accepts as its value (pve-behaviour 21, golden vectors `validation`).
import { perProfile } from '../profiles/profile.ts';
import { words } from '../world/words.ts';
import { affinity, cpu, numaNode, sev, tdx } from './cpu-options.ts';
import { audio, hostpci, ipconfig, ivshmem, net, rng, spice, usb, vga, virtiofs, watchdog } from './device-options.ts';
import { cdrom, efidisk, ide, sata, scsi, tpmstate, unused, virtio } from './drive-options.ts';
import {
  addressFormat,
  dnsNameFormat,
  hotplugFormat,
  startupFormat,
  storageIdFormat,
  tagFormat,
  urlencodedFormat,
  volumeFormat,
} from './formats.ts';
import { KEYBOARDS } from './keyboards.ts';
import { agent, boot, bootdisk, cicustom, machine, memory, smbios1, vmgenid } from './machine-options.ts';
import { choice, flag, integer, listText, number, optional, type Property, type Schema, text } from './property.ts';

const numbered = (name: string, count: number, property: Property): Schema =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, property]));

const OSTYPES = words('other wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11 l24 l26 solaris');
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
    ...(profile.has('affinity') ? { affinity } : {}),
    agent: agent(profile),
    ...(profile.has('allowKsm') ? { 'allow-ksm': flag() } : {}),
    ...(profile.has('amdSev') ? { 'amd-sev': sev(profile) } : {}),
    arch: optional(choice('x86_64', 'aarch64')),
    args: optional(text()),
    audio0: audio,
    autostart: flag(),
    balloon: optional(integer({ minimum: 0 })),
    bios: optional(choice('seabios', 'ovmf')),
    boot,
    bootdisk,
    cdrom: cdrom(profile),
    cicustom: cicustom(profile),
    cipassword: optional(text()),
    citype: optional(choice('configdrive2', 'nocloud', 'opennebula')),
    ...(profile.has('ciupgrade') ? { ciupgrade: flag() } : {}),
    ciuser: optional(text()),
    cores: optional(integer({ minimum: 1 })),
    cpu,
    cpulimit: optional(number({ minimum: 0, maximum: 128 })),
    cpuunits: optional(integer({ minimum: 1, maximum: 262144 })),
    description: optional(text({ maxLength: 8192 })),
    efidisk0: efidisk(profile),
    freeze: flag(),
    hookscript: optional(text({ format: volumeFormat })),
    hotplug: optional(text({ format: hotplugFormat })),
    hugepages: optional(choice('any', '2', '1024')),
    ...(profile.has('intelTdx') ? { 'intel-tdx': tdx } : {}),
    ivshmem,
    keephugepages: flag(),
    keyboard: optional(choice(...KEYBOARDS)),
    kvm: flag(),
    localtime: flag(),
    lock: optional(choice(...LOCK_NAMES)),
    machine: machine(profile),
    memory: memory(profile),
    migrate_downtime: optional(number({ minimum: 0 })),
    migrate_speed: optional(integer({ minimum: 0 })),
    name: optional(text({ format: dnsNameFormat })),
    nameserver: listText(addressFormat),
    numa: flag(),
    onboot: flag(),
    ostype: optional(choice(...OSTYPES.filter((type) => type !== 'win11' || profile.has('windows11')))),
    protection: flag(),
    reboot: flag(),
    rng0: rng,
    scsihw: optional(choice('lsi', 'lsi53c810', 'virtio-scsi-pci', 'virtio-scsi-single', 'megasas', 'pvscsi')),
    searchdomain: optional(text()),
    shares: optional(integer({ minimum: 0, maximum: 50000 })),
    smbios1,
    smp: optional(integer({ minimum: 1 })),
    sockets: optional(integer({ minimum: 1 })),
    spice_enhancements: spice,
    sshkeys: optional(text({ format: urlencodedFormat })),
    startdate: optional(text({ pattern: /(now|\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}:\d{1,2}:\d{1,2})?)/ })),
    startup: optional(text({ format: startupFormat })),
    tablet: flag(),
    tags: listText(tagFormat),
    tdf: flag(),
    template: flag(),
    ...(profile.has('tpmState') ? { tpmstate0: tpmstate(profile) } : {}),
    vcpus: optional(integer({ minimum: 1 })),
    vga: vga(profile),
    vmgenid,
    vmstatestorage: optional(text({ format: storageIdFormat })),
    watchdog,
    ...numbered('hostpci', 16, hostpci(profile)),
    ...numbered('ide', 4, ide(profile)),
    ...numbered('ipconfig', 32, ipconfig),
    ...numbered('net', 32, net(profile)),
    ...numbered('numa', 8, numaNode),
    ...numbered('parallel', 3, optional(text({ pattern: /\/dev\/parport\d+|\/dev\/usb\/lp\d+/ }))),
    ...numbered('sata', 6, sata(profile)),
    ...numbered('scsi', 31, scsi(profile)),
    ...numbered('serial', 4, optional(text({ pattern: /(\/dev\/[^,]+|socket)/ }))),
    ...numbered('unused', 256, unused),
    ...numbered('usb', profile.has('manyUsb') ? 14 : 5, usb(profile)),
    ...numbered('virtio', 16, virtio(profile)),
    ...(profile.has('virtiofs') ? numbered('virtiofs', 10, virtiofs) : {}),
  }),
);

const names = (name: string, count: number): string[] => Object.keys(numbered(name, count, text()));
export const UNUSED_KEYS = names('unused', 256);

/** The disks that resize, move and the like take, in the order PVE lists them. */
export const DISK_KEYS = [
  ...names('ide', 4),
  ...names('scsi', 31),
  ...names('virtio', 16),
  ...names('sata', 6),
  'efidisk0',
  'tpmstate0',
];
