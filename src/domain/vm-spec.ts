import type { IpWithPrefix } from './ip.ts';

// What somebody wants a VM to be, in the words of the manifests. PVE's words (scsi0, ovmf, ipconfig) stay out.
// `undefined` always means "not said": what the template or the VM has is left alone.

/** The whole wish for one VM. Units: MiB of memory, GiB of disk. */
export interface VmSpec {
  /** The DNS name of the VM (checked by `vmName`). */
  readonly name: string;
  readonly image: ImageSource;
  readonly size: VmSize;
  /** In request order; `undefined` leaves the template's NICs alone, an empty list does too. */
  readonly networks: readonly NicSpec[] | undefined;
  readonly disks: readonly DiskSpec[] | undefined;
  readonly tags: readonly string[];
  /** cloud-init user data, byte for byte. */
  readonly userData: Uint8Array | undefined;
  /** cloud-init meta data, YAML as its author wrote it. */
  readonly metaData: Uint8Array | undefined;
  readonly placement: PlacementSpec;
  /** Of a Clone alone. */
  readonly clone?: CloneWish;
}

/** What a clone takes over from its source, where it is the copy of a VM that lives on and not one more of a template. */
export interface CloneWish {
  /** CPUs, memory and all else a class says stay the source's: `size` is KEPT_SIZE. */
  readonly keepsSize: boolean;
  /** Volume of an ISO with the cloud-init documents, uploaded before the copy: `userData` and `metaData` are in it. */
  readonly seedIso?: string;
}

/** What a VMClass says. */
export interface VmSize {
  readonly cpus: number;
  readonly memoryMib: number;
  /** `bios` is also what a class says that says nothing: it never takes UEFI away from a template. */
  readonly firmware: Firmware;
  /** `q35`, `pc` or a versioned PVE machine type. */
  readonly machine: string | undefined;
  /** At least this much for the boot disk, GiB. */
  readonly bootDiskGib: number | undefined;
  /** Of every disk that names none itself. */
  readonly diskType: DiskType | undefined;
  /** PVE storage for the disks of the VM. */
  readonly storage: string | undefined;
  /** How templates are copied where the image does not say. */
  readonly cloneMode: CloneMode | undefined;
  readonly guestTools: GuestToolsPolicy | undefined;
  readonly performance: PerformanceProfile;
  readonly security: SecurityProfile;
  readonly limits: ResourceLimits;
  /** Settings outside every other field, by key. */
  readonly extra: Readonly<Record<string, string>>;
}

/** The size of a VM for which no class was named: what it has is left alone. */
export const KEPT_SIZE: VmSize = {
  cpus: 0,
  memoryMib: 0,
  firmware: 'bios',
  machine: undefined,
  bootDiskGib: undefined,
  diskType: undefined,
  storage: undefined,
  cloneMode: undefined,
  guestTools: 'skip',
  performance: {},
  security: {},
  limits: {},
  extra: {},
};

export type Firmware = 'bios' | 'uefi';
/** How a disk is allocated, or what it shows itself as. */
export const DISK_TYPES = ['thin', 'thick', 'eagerzeroedthick', 'ssd', 'hdd', 'nvme'] as const;
export type DiskType = (typeof DISK_TYPES)[number];
export type GuestToolsPolicy = 'install' | 'skip' | 'upgrade' | 'uninstall';

export interface PerformanceProfile {
  readonly latencySensitivity?: string;
  readonly cpuHotAdd?: boolean;
  readonly memoryHotAdd?: boolean;
  readonly virtualizationBasedSecurity?: boolean;
  readonly nestedVirtualization?: boolean;
  readonly hyperThreadingPolicy?: string;
}

export interface SecurityProfile {
  readonly secureBoot?: boolean;
  readonly tpm?: boolean;
  readonly tpmVersion?: string;
  readonly vtd?: boolean;
  readonly encryption?: boolean;
  readonly keyProvider?: string;
  readonly requireEncryption?: boolean;
}

/** MHz for CPU, MiB for memory. */
export interface ResourceLimits {
  readonly cpuLimitMhz?: number;
  readonly cpuReservationMhz?: number;
  readonly memoryLimitMib?: number;
  readonly memoryReservationMib?: number;
  readonly cpuShares?: number;
}

/** `linked` shares the blocks of what it was copied from, for as long as it lives. */
export type CloneMode = 'full' | 'linked';

/** How a template or VM is copied: the image wins over the class. */
export function cloneModeOf(
  image: { readonly cloneMode: CloneMode | undefined },
  size: { readonly cloneMode: CloneMode | undefined },
): CloneMode {
  return image.cloneMode ?? size.cloneMode ?? 'full';
}

/** Where the disks of a new VM come from. */
export type ImageSource = (
  | {
      readonly kind: 'template';
      /** Name of a template or of an ordinary VM, or a VMID in decimal. */
      readonly ref: string;
      readonly cloneMode: CloneMode | undefined;
      /** A snapshot of it instead of its present. */
      readonly snapshot: string | undefined;
    }
  /** An image that becomes the boot disk: the id of a volume with content `images` or `import`. */
  | { readonly kind: 'disk'; readonly volume: string }
  /** A blank boot disk, and a medium to install from: the id of a volume with content `iso`. */
  | { readonly kind: 'iso'; readonly volume: string }
  | { readonly kind: 'blank' }
) & {
  /** The node what is named is on. */
  readonly node: string | undefined;
  /** PVE storage for the boot disk. */
  readonly storage: string | undefined;
};

export interface NicSpec {
  readonly name: string;
  readonly bridge: string | undefined;
  /** 1 to 4094. */
  readonly vlan: number | undefined;
  readonly model: string | undefined;
  /** Unicast, upper-case, colons. */
  readonly mac: string | undefined;
  /** Static addresses, at most one of each family; none means DHCP. */
  readonly addresses: readonly IpWithPrefix[];
  /** At most one of each family, each beside an address of its family. */
  readonly gateways: readonly string[];
  readonly dns: readonly string[];
  readonly mtu?: number | undefined;
  /** Whether PVE's firewall looks at it. */
  readonly firewall?: boolean | undefined;
  /** MB a second. */
  readonly rateLimit?: number | undefined;
}

export interface DiskSpec {
  /** `root` (any case) is the boot disk. */
  readonly name: string;
  readonly sizeGib: number;
  readonly type: DiskType | undefined;
  readonly storage: string | undefined;
}

export interface PlacementSpec {
  /** PVE storage. */
  readonly storage: string | undefined;
  /** The node the VM has to be on. */
  readonly node: string | undefined;
  /** The only nodes it may be on; empty: any. */
  readonly nodes: readonly string[];
  readonly avoidIds: readonly string[];
  readonly maxVmsPerNode: number | undefined;
  readonly minFreeMemoryMib: number | undefined;
  readonly pool: string | undefined;
}

export const NO_PLACEMENT: PlacementSpec = {
  storage: undefined,
  node: undefined,
  nodes: [],
  avoidIds: [],
  maxVmsPerNode: undefined,
  minFreeMemoryMib: undefined,
  pool: undefined,
};

export function isRootDisk(disk: DiskSpec): boolean {
  return disk.name.toLowerCase() === 'root';
}

/** The entry of the boot disk, with its place in the list. */
export function rootDiskOf({ disks = [] }: Pick<VmSpec, 'disks'>): { disk: DiskSpec; index: number } | undefined {
  const index = disks.findIndex(isRootDisk);
  const disk = disks[index];
  return disk === undefined ? undefined : { disk, index };
}
