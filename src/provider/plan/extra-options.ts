// PVE's own options that a class may set by name (ExtraConfig), in one table; docs/extra-config.md is rendered from it. On
// it is what a token may set and what takes nothing away from what the provider keeps track of.
import type { VmSpec } from '#domain/vm-spec';

export interface ExtraOption {
  readonly key: string;
  readonly about: string;
  /** What may stand there, for people. */
  readonly values: string;
  /** The value as PVE stores it; undefined where it is none. */
  readonly read: (text: string) => string | undefined;
  /** The field that says the same in the request's own words: both at once are refused. */
  readonly rival?: { readonly field: string; readonly isSaid: (spec: VmSpec) => boolean };
  /** Major and minor version that brought it; absent: 7.0 has it. */
  readonly since?: readonly [major: number, minor: number];
  readonly example: string;
}

/** A value of the option as it comes, where it has this form. */
const matching =
  (form: RegExp) =>
  (text: string): string | undefined =>
    form.test(text) ? text : undefined;

const oneOf = (...words: readonly string[]): Pick<ExtraOption, 'values' | 'read'> => ({
  values: words.map((word) => `\`${word}\``).join(', '),
  read: (text) => (words.includes(text) ? text : undefined),
});

const FLAGS: Readonly<Record<string, string>> = {
  '1': '1',
  on: '1',
  yes: '1',
  true: '1',
  '0': '0',
  off: '0',
  no: '0',
  false: '0',
};
const flag: Pick<ExtraOption, 'values' | 'read'> = {
  values: '`1` or `0`',
  read: (text) => FLAGS[text.toLowerCase()],
};

const number = (least: number, most: number, unit = '', digits = 0): Pick<ExtraOption, 'values' | 'read'> => ({
  values: `${least} to ${most}${unit}`,
  read: (text) => {
    const form = digits === 0 ? /^\d{1,9}$/ : /^\d{1,9}(\.\d+)?$/;
    const value = form.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? String(value) : undefined;
  },
});

const OSTYPES = 'other wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11 l24 l26 solaris'.split(' ');
const SCSI_CONTROLLERS = 'virtio-scsi-single virtio-scsi-pci lsi lsi53c810 megasas pvscsi'.split(' ');
const KEYBOARDS =
  'de de-ch da en-gb en-us es fi fr fr-be fr-ca fr-ch hu is it ja lt mk nl no pl pt pt-br sv sl tr'.split(' ');

/** What PVE lets a single VM's CPU have of its own; anything else belongs into a model of one's own. */
const CPU_FLAG =
  /[+-](pcid|spec-ctrl|ibpb|ssbd|virt-ssbd|amd-ssbd|amd-no-ssb|pdpe1gb|md-clear|hv-tlbflush|hv-evmcs|aes)/.source;
const CPU = new RegExp(
  `^(cputype=)?[A-Za-z0-9][\\w.-]*(,(flags=${CPU_FLAG}(;${CPU_FLAG})*|hidden=[01]|hv-vendor-id=\\w{1,12}|phys-bits=(host|\\d+)))*$`,
);

const LIMITS = 'ResourceLimits';

const serial = (index: number): ExtraOption => ({
  key: `serial${index}`,
  about: 'A serial port, for a console on it',
  ...oneOf('socket'),
  example: 'socket',
});

export const EXTRA_OPTIONS: readonly ExtraOption[] = [
  { key: 'acpi', about: 'ACPI; without it a guest cannot be shut down', ...flag, example: '1' },
  {
    key: 'allow-ksm',
    about: 'Whether equal memory pages of the VM and others may be kept once',
    ...flag,
    since: [9, 1],
    example: '0',
  },
  {
    key: 'balloon',
    about: 'MiB the guest keeps at least when the host needs memory; 0 takes the balloon device away',
    ...number(0, 4_194_304, ' MiB, no more than the memory'),
    rival: {
      field: `${LIMITS}.MemoryReservationMiB`,
      isSaid: ({ size }) => size.limits.memoryReservationMib !== undefined,
    },
    example: '2048',
  },
  {
    key: 'cpu',
    about: 'CPU model, with flags',
    values:
      "a model of the node's or one of your own (`custom-...`), then `flags=+aes;-pcid`, `hidden=1`, `phys-bits=host`",
    read: matching(CPU),
    rival: {
      field: 'PerformanceProfile.NestedVirtualization',
      isSaid: ({ size }) => size.performance.nestedVirtualization === true,
    },
    example: 'x86-64-v3',
  },
  {
    key: 'cpulimit',
    about: "CPUs' worth of time the VM gets at most, whatever its CPUs; 0 is no limit",
    ...number(0, 128, '', 2),
    rival: { field: `${LIMITS}.CPULimit`, isSaid: ({ size }) => size.limits.cpuLimitMhz !== undefined },
    example: '1.5',
  },
  {
    key: 'cpuunits',
    about: 'Weight of the VM against others; 100 where nothing is said (1024 on hosts with the old control groups)',
    ...number(2, 10_000),
    rival: { field: `${LIMITS}.CPUShares`, isSaid: ({ size }) => size.limits.cpuShares !== undefined },
    example: '200',
  },
  { key: 'keyboard', about: 'Keyboard layout of the console', ...oneOf(...KEYBOARDS), example: 'de' },
  { key: 'localtime', about: "The guest's clock runs on local time", ...flag, example: '1' },
  {
    key: 'numa',
    about: 'Whether the guest sees NUMA nodes',
    ...flag,
    rival: {
      field: 'PerformanceProfile.MemoryHotAddEnabled',
      isSaid: ({ size }) => size.performance.memoryHotAdd === true,
    },
    example: '1',
  },
  { key: 'onboot', about: 'Whether PVE starts the VM with its node', ...flag, example: '1' },
  {
    key: 'ostype',
    about: 'Operating system, by which PVE chooses what hardware does; `l26` is Linux',
    ...oneOf(...OSTYPES),
    example: 'l26',
  },
  {
    key: 'rng0',
    about: 'A source of random numbers for the guest',
    values: '`/dev/urandom`, `/dev/random` or `/dev/hwrng`, then `max_bytes=N`, `period=N`',
    read: matching(/^(source=)?\/dev\/(urandom|random|hwrng)(,(max_bytes|period)=\d+)*$/),
    since: [8, 0],
    example: '/dev/urandom',
  },
  {
    key: 'scsihw',
    about: 'SCSI controller; a guest that has no driver for it does not boot',
    ...oneOf(...SCSI_CONTROLLERS),
    example: 'virtio-scsi-single',
  },
  ...[0, 1, 2, 3].map(serial),
  {
    key: 'shares',
    about: 'Weight of the VM when memory is taken from several by their balloons; 0 leaves this one alone',
    ...number(0, 50_000),
    example: '1000',
  },
  {
    key: 'startup',
    about: 'Order and delays in which PVE starts and stops VMs with their node; needs Sys.Modify on `/`',
    values: '`order=N`, `up=SECONDS`, `down=SECONDS`',
    read: matching(/^(order=\d+|\d+|up=\d+|down=\d+)(,(up|down)=\d+)*$/),
    example: 'order=2,up=30',
  },
  { key: 'tablet', about: 'A pointer that moves where the mouse of the console does', ...flag, example: '0' },
  {
    key: 'vga',
    about: 'Display',
    values: '`std`, `virtio`, `virtio-gl`, `qxl`, `vmware`, `cirrus`, `serial0`, `none`, ..., then `memory=MIB`',
    read: matching(
      /^(type=)?(std|virtio|virtio-gl|qxl[2-4]?|vmware|cirrus|serial[0-3]|none)(,memory=\d{1,3})?(,clipboard=vnc)?$/,
    ),
    example: 'serial0',
  },
  {
    key: 'watchdog',
    about: 'A watchdog, and what happens when the guest does not feed it',
    values: '`i6300esb` or `ib700`, then `action=reset|shutdown|poweroff|pause|debug|none`',
    read: matching(/^(model=)?(i6300esb|ib700)(,action=(reset|shutdown|poweroff|pause|debug|none))?$/),
    example: 'i6300esb,action=reset',
  },
];

export interface ClosedOption {
  readonly form: RegExp;
  readonly why: string;
  readonly remedy: string;
}

const elsewhere = (form: RegExp, remedy: string): ClosedOption => ({
  form,
  why: 'it is said in another field of the request',
  remedy,
});

/** Options of PVE that are known and not to be had here, with the reason. */
export const CLOSED_OPTIONS: readonly ClosedOption[] = [
  {
    form: /^(affinity|amd-sev|intel-tdx|arch|args|hookscript|hugepages|keephugepages|ivshmem|spice_enhancements|vmgenid|lock|parallel\d|skiplock)$/,
    why: 'PVE allows it to a login of root@pam only, and to no API token',
    remedy: 'Set it in the template',
  },
  {
    form: /^(hostpci|usb|virtiofs)\d+$/,
    why: 'a device of a host ties the VM to that host',
    remedy: 'Set it in the template',
  },
  elsewhere(/^(cores|sockets|vcpus|smp)$/, 'Set CPU'),
  elsewhere(/^memory$/, 'Set MemoryMiB'),
  elsewhere(/^bios$/, 'Set Firmware'),
  elsewhere(/^(efidisk0|tpmstate0)$/, 'Set Firmware and SecurityProfile'),
  elsewhere(/^hotplug$/, 'Set PerformanceProfile, or PVE_CPU_HOTPLUG'),
  elsewhere(/^agent$/, 'Set GuestToolsPolicy; other options of the agent come from the template'),
  elsewhere(/^net\d+$/, 'Name networks'),
  elsewhere(/^((ide|sata|scsi|virtio)\d+|cdrom)$/, 'Name disks'),
  elsewhere(/^tags$/, 'Set tags'),
  elsewhere(/^(ci\w+|ipconfig\d+|nameserver|searchdomain|sshkeys)$/, 'Use networks and user data'),
  {
    form: /^(name|description|smbios1|meta|template|parent|unused\d+|snaptime)$/,
    why: 'by it the VM is known, to us or to its guest',
    remedy: 'Leave it out',
  },
  {
    form: /^protection$/,
    why: 'under protection the VM could not be deleted by the way it was made',
    remedy: 'Leave it out',
  },
  { form: /^(boot|bootdisk)$/, why: 'the order follows the disks of the VM', remedy: 'Set it in the template' },
];
