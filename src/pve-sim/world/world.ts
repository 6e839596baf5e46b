// The whole simulated cluster as one plain object: what pmxcfs, the storages and the QEMU processes know.
// It can be cloned, printed and compared; everything that moves (workers, locks, timers) lives elsewhere.

import type { ManagerStatus } from '../ha/manager-status.ts';
import type { UpidParts } from '../tasks/upid.ts';
import type { Section } from './section-config.ts';

export interface World {
  readonly cluster: ClusterState;
  readonly nodes: Record<string, NodeState>;
  readonly storages: Record<string, StorageState>;
  /** By `<node or empty>/<volid>`: a local storage's volumes exist per node. */
  readonly volumes: Record<string, Volume>;
  /** By VMID, QEMU guests and containers alike: pmxcfs lets an id exist once in a cluster. */
  readonly guests: Record<number, Guest>;
  readonly pools: Record<string, Pool>;
  readonly sdn: SdnState;
  readonly access: AccessState;
  readonly ha: HaState;
  /** Web servers that nodes download from, by their URL without a path. Other URLs are asked for real. */
  readonly web: Record<string, WebServer>;
  /** By UPID, in the order of their starts. */
  readonly tasks: Record<string, TaskRecord>;
  /** What each node has heard last from the status daemons, by VMID; it outlives a guest. */
  readonly stats: Record<string, Record<number, GuestStats>>;
}

export interface ClusterState {
  /** Undefined for a node that is in no cluster. */
  readonly name: string | undefined;
  /** By name: what resolves although it is the name of no node. */
  readonly otherHosts: Readonly<Record<string, OtherHost>>;
  /** `datacenter.cfg`: every option as it stands in the file. */
  options: Record<string, string>;
}

export interface OtherHost {
  readonly ip: string;
  /** True: it is there and refuses connections; false: nothing is there. */
  readonly refuses: boolean;
}

export interface NodeState {
  readonly name: string;
  /** The profile's name, such as `9.1`. */
  readonly pve: string;
  readonly nodeId: number;
  readonly ip: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** How guests run: by the CPU, by software that passes for it, or not at all; by the CPU where absent. */
  readonly virtualisation?: 'hardware' | 'emulated' | 'none';
  /** The bridges among the interfaces that run. */
  bridges: readonly Bridge[];
  interfaces: Readonly<Record<string, NetInterface>>;
  /** What the interfaces will be once the changes are applied; undefined without changes. */
  newInterfaces?: Readonly<Record<string, NetInterface>> | undefined;
  readonly fingerprint: string;
  readonly resolver: Resolver;
  /** Whether systemd runs its services. */
  readonly systemd: boolean;
  /** The version of its control groups. */
  readonly cgroupMode: number;
  /** The QEMU that is installed, where it is not the profile's. */
  readonly qemu?: string;
  online: boolean;
  /** Of the network: nodes of one segment reach each other. */
  segment: number;
  /** Whom its corosync counts as members, itself included; it learns of changes late. */
  members: string[];
  /** Set by hand (`pvecm expected`), until the next node joins. */
  expectedVotes: number | undefined;
  readonly daemons: { api: DaemonState; worker: DaemonState };
  /** ms of the world's time */
  bootedAt: number;
}

/** A frozen one (SIGSTOP) takes connections and never answers. */
export type DaemonState = 'running' | 'stopped' | 'frozen';

/** A host's `/etc/resolv.conf`. */
export interface Resolver {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
}

export interface Bridge {
  readonly iface: string;
  readonly vlanAware: boolean;
  readonly ports?: string;
  readonly cidr?: string;
  readonly gateway?: string;
  /** Of a vnet. */
  readonly zone?: string;
}

/** A zone or a vnet of the software-defined network. */
export type SdnSection = Record<string, string>;

interface SdnSections {
  zones: Readonly<Record<string, SdnSection>>;
  vnets: Readonly<Record<string, SdnSection>>;
}

export interface SdnState extends SdnSections {
  /** What the nodes have loaded. */
  running: Readonly<SdnSections>;
}

export interface NetInterface {
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
}

export type StorageType =
  | 'dir'
  | 'nfs'
  | 'cifs'
  | 'cephfs'
  | 'glusterfs'
  | 'btrfs'
  | 'lvm'
  | 'lvmthin'
  | 'zfspool'
  | 'rbd'
  | 'iscsi';

export interface StorageState {
  readonly id: string;
  readonly type: StorageType;
  readonly shared: boolean;
  readonly content: readonly string[];
  /** Where it may be used; undefined is everywhere. */
  readonly nodes?: readonly string[];
  readonly path?: string;
  readonly totalBytes: number;
  /** What all copies on it (per node, where it is local) share. */
  readonly bytesPerSecond: number;
  /** Its own figure for `Durations.allocateVolumeMs`. */
  readonly allocateMs?: number;
  readonly defaultFormat: 'raw' | 'qcow2';
  /** `snapshot-as-volume-chain`, of thick LVM. */
  readonly volumeChains?: boolean;
  /** What else its definition says, as it stands in storage.cfg. */
  readonly options?: Readonly<Record<string, string>>;
  /** Nodes that cannot reach it, as they cannot reach a server that is down. */
  readonly unreachableFrom?: readonly string[];
  disabled: boolean;
}

export interface Volume {
  readonly volid: string;
  readonly storage: string;
  /** Undefined on a shared storage. */
  readonly node: string | undefined;
  readonly content: 'images' | 'iso' | 'import' | 'vztmpl' | 'snippets' | 'backup';
  readonly format: string;
  readonly vmid?: number;
  /** The base volume of a linked clone. */
  readonly parent?: string;
  /** Seconds since the epoch. */
  readonly ctime: number;
  sizeBytes: number;
  /** The sizes its snapshots had, by name in the order they were taken. */
  snapshots?: Record<string, number>;
  /** How much of it has been written, which is all that thin storages give it; absent: all. */
  writtenBytes?: number;
  /** Of a backup. */
  notes?: string;
  /** A backup that must not be removed. */
  protected?: boolean;
  /** What was uploaded, or written behind the API's back. */
  data?: Uint8Array;
  /** What PVE has written onto a cloud-init drive. */
  seed?: Seed;
  /** What a guest that boots from it runs; an ordinary server where absent. */
  readonly system?: GuestSystem;
}

/** An operating system as far as its agent can tell. */
export interface GuestSystem {
  /** Its own; undefined: it takes the guest's name. */
  readonly hostname: string | undefined;
  /** What it gives its first NIC, with the prefix length; undefined: it asks DHCP. */
  readonly address: string | undefined;
  /** What `get-osinfo` tells of the distribution, and of the kernel. */
  readonly release: Readonly<Record<string, string>>;
  readonly kernel: Readonly<Record<string, string>>;
  /** Absolute paths of the programs that can be run. */
  readonly programs: readonly string[];
  /** Where file systems that can be frozen are mounted. */
  readonly mounts: readonly string[];
}

/** The content of a cloud-init drive. */
export interface Seed {
  /** The ISO's volume label. */
  readonly label: string;
  /** By path. */
  readonly files: Readonly<Record<string, string>>;
  /** Where it is another than at the last boot, cloud-init takes the guest for a new one. */
  readonly instanceId: string;
  /** By MAC in lower case; undefined where a document of the user's own says it. */
  readonly network?: Readonly<Record<string, Ipconfig>>;
}

/** The address configuration of one NIC. */
export interface Ipconfig {
  /** `dhcp`, or an address with its prefix length. */
  readonly ip?: string;
  readonly gw?: string;
  /** `dhcp`, `auto`, or an address with its prefix length. */
  readonly ip6?: string;
  readonly gw6?: string;
}

export interface Guest {
  readonly vmid: number;
  readonly type: 'qemu' | 'lxc';
  node: string;
  /** The config file's main section: every value as it stands in the file. */
  config: Record<string, string>;
  /** The `[PENDING]` section without its `delete`. */
  pending: Record<string, string>;
  /** Options to be deleted; true where forced (the volume is to be freed too). */
  pendingDelete: Record<string, boolean>;
  /** The `[special:cloudinit]` section: what the drive was made with where the config now differs, and `added` keys. */
  cloudinit: Record<string, string>;
  snapshots: Record<string, Record<string, string>>;
  /** What the system inside took for its instance when it booted last; it lies on its disk. */
  instanceId?: string;
  firewall?: GuestFirewall;
  /** What was written through the agent, by path; every character is a byte. */
  files?: Record<string, string>;
  /** Passwords set through the agent, by user. */
  passwords?: Record<string, string>;
  run: GuestRun | undefined;
  readonly behaviour: GuestBehaviour;
}

export interface GuestFirewall {
  readonly options: Readonly<Record<string, string>>;
  readonly rules: readonly FirewallRule[];
}

export type FirewallRule = Record<string, string>;

/** A QEMU process. */
export interface GuestRun {
  readonly pid: number;
  /** ms of the world's time */
  readonly startedAt: number;
  qmpStatus: 'running' | 'paused' | 'prelaunch' | 'suspended' | 'postmigrate';
  /** When the system inside has booted, ms of the world's time. */
  bootedAt: number;
  /** Something to boot was there; without it nobody inside hears anything. */
  hasSystem: boolean;
  /** Addresses by MAC in lower case, as the system inside configured them at boot. */
  addresses: Record<string, readonly GuestAddress[]>;
  inside: GuestInside;
}

/** What the agent has been asked to do since the guest booted. */
export interface GuestInside {
  readonly system: GuestSystem;
  /** By process id, until their ends were told. */
  readonly processes: Record<number, ExecProcess>;
  lastPid: number;
  isFrozen: boolean;
}

export interface ExecProcess {
  /** ms of the world's time */
  readonly endsAt: number;
  readonly exitcode: number;
  readonly out: string;
  readonly err: string;
}

export interface GuestAddress {
  readonly address: string;
  readonly type: 'ipv4' | 'ipv6';
  readonly prefix: number;
}

/**
 * `silent` and `absent` do not even answer a ping, `hangs` answers nothing else; `error` answers each command that it
 * cannot do it.
 */
export type AgentBehaviour = 'answers' | 'silent' | 'absent' | 'hangs' | 'error';

/** What the system inside does; no API shows it, and copies of the guest inherit it. */
export interface GuestBehaviour {
  agent: AgentBehaviour;
  shutdown: 'normal' | 'slow' | 'never';
  /** Gives no disk, NIC, CPU or memory back while it runs. */
  unplug?: 'refused' | undefined;
  /** Brings no more CPUs and MiB of memory online than these. */
  online?: { readonly cpus: number; readonly memoryMib: number } | undefined;
  /** Also shows a docker0 with its own address. */
  docker: boolean;
}

export interface Pool {
  readonly id: string;
  comment: string | undefined;
  vms: number[];
  storages: string[];
}

export interface AccessState {
  users: Record<string, User>;
  groups: Record<string, Group>;
  /** By full token id `user@realm!token`. */
  tokens: Record<string, Token>;
  /** Built-in ones too. */
  roles: Record<string, readonly string[]>;
  acl: AclEntry[];
  signingKey: SigningKey;
}

export interface User {
  enabled: boolean;
  /** Seconds since the epoch; 0 or absent: never. */
  expire?: number;
  /** What `keys`, `email` and the like were set to. */
  details?: Readonly<Record<string, string>>;
  /** Absent: no login with a password. */
  password?: string;
  secondFactors?: SecondFactor[];
}

/** What a user has to show beside the password. */
export type SecondFactor =
  | (FactorHead & { readonly type: 'totp'; readonly secret: string; lastStep?: number })
  | (FactorHead & { readonly type: 'recovery'; codes: readonly (string | undefined)[] });

interface FactorHead {
  readonly id: string;
  readonly description: string;
  /** Seconds since the epoch. */
  readonly created: number;
  enabled: boolean;
}

export interface Group {
  comment?: string;
  users: string[];
}

export interface Token {
  secret: string;
  privsep: boolean;
  expire?: number;
  comment?: string;
}

/** What tickets are signed with; the key before this one still verifies what it has signed. */
export interface SigningKey {
  readonly secret: string;
  /** Of the key in use; each rotation adds one. */
  generation: number;
  /** When the key in use was made, ms of the world's time. */
  since: number;
}

export interface AclEntry {
  readonly path: string;
  /** A user id, a full token id, or `@` and a group's name. */
  readonly subject: string;
  readonly role: string;
  readonly propagate: boolean;
}

export interface HaState {
  /** By service id such as `vm:100`. */
  readonly resources: Record<string, Section>;
  readonly groups: Record<string, Section>;
  readonly rules: Record<string, Section>;
  /** Nodes whose HA manager runs; where none does, requests wait. */
  managers: string[];
  readonly status: ManagerStatus;
}

export interface TaskRecord extends UpidParts {
  readonly upid: string;
  readonly log: string[];
  warnings: number;
  endtime: number | undefined;
  exitstatus: string | undefined;
  /** The parent failed before it could be asked about: in the list, but with no status to read (pve-behaviour 28.7). */
  readonly stillborn: boolean;
}

export interface GuestStats {
  /** ms of the world's time */
  readonly at: number;
  readonly node: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** By path. */
export type WebServer = Readonly<Record<string, WebFile>>;

export interface WebFile {
  readonly data: Uint8Array;
  /** MIME type. */
  readonly type?: string;
  /** Content-Disposition. */
  readonly disposition?: string;
  /** Where it has gone to, as in `Location`. */
  readonly redirect?: string;
  bytesPerSecond: number;
}
