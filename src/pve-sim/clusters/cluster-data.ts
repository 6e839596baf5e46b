// A cluster before it starts: the inventory as data. What is random in a real cluster (UUIDs, MACs, secrets) comes from
// the seed when the world is built.
import type {
  Bridge,
  GuestBehaviour,
  GuestSystem,
  NodeState,
  OtherHost,
  Resolver,
  StorageState,
} from '../world/world.ts';

export interface ClusterData {
  /** Undefined for a single node that is in no cluster. */
  readonly name: string | undefined;
  /** The profile of nodes that name none. */
  readonly pve: string;
  readonly nodes: readonly NodeData[];
  readonly storages: readonly Omit<StorageState, 'disabled'>[];
  readonly guests: readonly GuestData[];
  readonly containers: readonly ContainerData[];
  readonly pools: readonly string[];
  /** ISO images that lie on a storage of every node (of the cluster, where it is shared). */
  readonly isos: readonly IsoData[];
  /** Of new MACs; absent: the version's default. */
  readonly macPrefix?: string;
  /** By name: what resolves although it is the name of no node. */
  readonly otherHosts?: Readonly<Record<string, OtherHost>>;
}

export interface IsoData {
  readonly storage: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** What boots from it. */
  readonly system?: GuestSystem;
}

export interface NodeData {
  readonly name: string;
  /** A profile of its own, such as `8.4`. */
  readonly pve?: string;
  readonly ip: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly virtualisation?: Exclude<NodeState['virtualisation'], undefined>;
  readonly bridges: readonly Bridge[];
  /** Its `/etc/resolv.conf`; absent: one of documentation's. */
  readonly resolver?: Resolver;
  readonly systemd?: boolean;
  readonly cgroupMode?: number;
  /** The QEMU that is installed, where it is not the profile's. */
  readonly qemu?: string;
}

export interface GuestData {
  readonly vmid: number;
  readonly node: string;
  readonly template: boolean;
  /** Runs, booted a day ago; stopped where absent. */
  readonly running?: boolean;
  /** Options as in the config file; NICs may stand without MAC. */
  readonly config: Readonly<Record<string, string>>;
  readonly disks: readonly DiskData[];
  readonly behaviour?: Partial<GuestBehaviour>;
}

export interface DiskData {
  readonly key: string;
  readonly storage: string;
  readonly kind: 'disk' | 'cloudinit';
  readonly sizeBytes: number;
  /** What follows the volume id, such as `discard=on`. */
  readonly options?: Readonly<Record<string, string>>;
}

export interface ContainerData {
  readonly vmid: number;
  readonly node: string;
  readonly hostname: string;
}
