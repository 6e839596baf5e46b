// What differs between versions of PVE, one name per difference (pve-behaviour 22, 27): the release that brought it, and
// the one that took it away again. Code asks `profile.has('resizeIsTask')`, never for a version.

export interface Lifetime {
  /** The first release that has it; absent: older than everything played. */
  readonly since?: string;
  /** The first release that no longer has it. */
  readonly until?: string;
  /** A release in between that lacks it: the change went into the older line, too, after this one was out. */
  readonly without?: string;
}

export const FEATURES = {
  /** The error's text is in the JSON body too, not only in the reason phrase. */
  messageInBody: { since: '8.4' },
  /** Answers are compressed for those that take `deflate` alone, too. */
  deflatedAnswers: { since: '8.4' },
  /** Bodies up to 512 KiB; before: 64 KiB. */
  largeBodies: { since: '8.4' },
  /** JSON booleans pass the check of a `boolean`. */
  jsonBooleans: { since: '8.1' },
  /** `resize` answers with a UPID and fails in its task. */
  resizeIsTask: { since: '8.1' },
  /** A disk moves to another guest too: `target-vmid`. */
  moveToGuest: { since: '7.4' },
  /** A missing bridge is told before QEMU is started; before: by the script that QEMU calls. */
  bridgesCheckedBeforeStart: { since: '9.1' },
  /** The log of a move names the volumes that come and go. */
  moveLogsVolumes: { since: '9.1' },
  /** `template` answers with a UPID. */
  templateIsTask: { since: '7.4' },
  /** `memory` is a property string, so that a config shows it as text. */
  memoryIsString: { since: '8.1' },
  /** SDN.Use is needed on every bridge. */
  bridgesNeedSdnUse: { since: '8.1' },
  /** Agent calls need VM.GuestAgent.*; before: VM.Monitor. */
  guestAgentPrivileges: { since: '9.1' },
  /** `agent/exec` takes an array; before: one string with NUL between the words. */
  agentCommandArray: { since: '8.1' },
  /** Sys.AccessNetwork on the node opens `download-url`. */
  accessNetworkPrivilege: { since: '8.4' },
  /** Nodes download files, and ask for what a server says of them. */
  downloadUrl: { since: '7.4' },
  /** Checksums of uploads. */
  fileChecksums: { since: '7.4' },
  /** `compression` of a download. */
  downloadCompression: { since: '8.1' },
  /** Content type `import`, and volumes of it as `import-from`. */
  importContent: { since: '8.4' },
  /** `import-from` in the disk syntax, from images or root's paths. */
  importFrom: { since: '7.4' },
  /** `overrule-shutdown` of a stop. */
  overruleShutdown: { since: '8.4' },
  ciupgrade: { since: '8.1' },
  /** `GET` and `PUT .../cloudinit`. */
  cloudinitCalls: { since: '7.4' },
  /** The log names a copy's target once it is allocated. */
  allocationLogged: { since: '9.1' },
  /** `cloudinit/dump` hides the password from who may not set it. */
  cloudinitPasswordMasked: { since: '9.1' },
  /** Nested pools, `/pools?poolid=`, `allow-move`. */
  nestedPools: { since: '8.1' },
  /** ipconfigN needs VM.Config.Cloudinit or VM.Config.Network; before: Network alone. */
  ipconfigNeedsCloudinitOrNetwork: { since: '8.1' },
  /** Resource mappings: Mapping.* privileges, mapped devices. */
  mappings: { since: '8.1' },
  /** `GET .../migrate` says where a running guest may go, too. */
  preconditionsWhileRunning: { since: '8.4' },
  /** `mapped-resource-info` in `GET .../migrate`. */
  mappedResourceInfo: { since: '8.4' },
  /** `has-dbus-vmstate` and `is_cloudinit` in `GET .../migrate`. */
  dbusVmstate: { since: '9.1' },
  /** `with-conntrack-state` of a migration. */
  conntrackMigration: { since: '9.1' },
  /** HA groups; later ones have rules instead. */
  haGroups: { until: '9.1' },
  /** HA rules, `failback` and `purge` of an HA resource, and whether the kind of guest is the one that was said. */
  haRules: { since: '9.1' },
  /** `/cluster/ha/status/current` tells whether fencing is armed. */
  haFencingStatus: { since: '9.1' },
  /** `user-tag-access`, `registered-tags`, `tag-style`: who may set which tags, and how they are stored. */
  tagPolicy: { since: '7.4' },
  /** New MACs have the prefix BC:24:11 unless the datacenter says otherwise; before: any locally administered one. */
  defaultMacPrefix: { since: '8.1' },
  /** Datacenter option `notify`. */
  notificationOptions: { since: '8.1' },
  /** Datacenter option `consent-text`. */
  consentText: { since: '8.4' },
  /** Datacenter option `replication`. */
  replicationNetwork: { since: '9.1' },
  /** Datacenter option `location`. */
  nodeLocation: { since: '9.2' },
  /** The HA scheduler's `dynamic` mode and its automatic rebalancing. */
  dynamicHaScheduling: { since: '9.2' },
  /** A create stores tags lower-cased, sorted and without doubles. */
  tagsNormalisedOnCreate: { since: '9.2' },
  /** A create asks for the permission to set tags. */
  tagsCheckedOnCreate: { since: '9.2' },
  /** 401s do not say why: an update of January 2026, which both recorded versions have (recordings one-node/01 and 02). */
  silent401: { since: '8.4' },
  /** `/access/tfa` lists any number of second factors; before: one to a user, in ways of its own. */
  secondFactorEntries: { since: '7.4' },
  /** Role names that begin with PVE are PVE's own. */
  reservedRoleNames: { since: '8.1' },
  /** Passwords of 8 characters at least; before: of 5. */
  longPasswords: { since: '8.4' },
  /** Who changes a password confirms it with one's own. */
  confirmedPasswords: { since: '8.4' },
  /** `port` of POST /access/vncticket. */
  vncTicketPort: { since: '9.1' },
  /** `/cluster/bulk-action`. */
  bulkActions: { since: '9.1' },
  /** OCI registries as a source of templates. */
  ociImages: { since: '9.1' },
  /** `/nodes/{node}/suspendall`. */
  bulkSuspend: { since: '8.1' },
  /** `/nodes/{node}/capabilities/qemu/migration`. */
  migrationCapabilities: { since: '9.1' },
  /** `arch` of the lists of CPU models and machines. */
  archCapabilities: { since: '9.2' },
  /** A node's status tells kernel and boot mode apart. */
  nodeBootInfo: { since: '8.1' },
  /** A node's status has the memory that could be had, and the vendor and family of its CPU. */
  nodeMemoryAvailable: { since: '9.1' },
  /** `timeframe=decade` of the histories. */
  decadesOfHistory: { since: '9.1' },
  /** Moving guests to other clusters. */
  remoteMigration: { since: '7.4' },
  /** An unsupported linked clone is refused with `for '<volid>' (scsi0)`; before: `for drive 'scsi0'`. */
  cloneRefusalNamesVolume: { since: '8.1' },
  /** `checksum mismatch`; before: `checksum missmatch`. */
  mismatchSpelling: { since: '8.4' },
  /** The list of storages tells formats as `formats`, too. */
  storageFormats: { since: '9.1' },
  /** `/nodes/{node}/storage/{storage}/identity`. */
  storageIdentity: { since: '9.2' },
  /** `/cluster/resources` has `network` entries; before: `sdn`. */
  networkResources: { since: '9.1' },
  /** Guests show `memhost`, running ones their pressure too. */
  guestHostUse: { since: '9.1' },
  /** The log of a running guest's snapshot tells of what kind it is. */
  snapshotKindInLog: { since: '9.1' },
  /** The log says why a guest's file systems are frozen, or are not, while its disks are copied. */
  freezeExplained: { since: '9.1' },
  /** A saved state notes the MTU its NICs had on the host. */
  stateNotesHostMtu: { since: '9.1' },
  /** `start` of a rollback. */
  rollbackStart: { since: '7.4' },
  /** A rollback that is to start the guest asks for VM.PowerMgmt. */
  rollbackStartNeedsPowerMgmt: { since: '9.1' },
  /** Timed-out agent commands are `qga command`; before: `qmp command`. */
  qgaCommandText: { since: '9.1' },
  /** cyls, heads, secs and trans of a drive. */
  diskGeometry: { until: '9.1' },
  /** Storage options `create-base-path`, `create-subdirs`, `content-dirs`. */
  storageSubdirs: { since: '8.1' },
  esxiStorage: { since: '8.4' },
  glusterfs: { until: '9.1' },
  /** Storage option `snapshot-as-volume-chain`. */
  snapshotVolumeChain: { since: '9.1' },
  /** Storage option `saferemove-stepsize`. */
  saferemoveStepsize: { since: '9.2' },
  /** Storage option `zfs-base-path`. */
  zfsBasePath: { since: '9.1' },
  /** `POST .../config` forks before it takes the config lock: a lock held too long is the task's error. */
  configTaskTakesLock: { since: '9.2' },
  /** Destroying a guest whose storage has vanished succeeds with warnings. */
  destroyWithoutStorage: { since: '9.2' },
  /** A full clone or move with an unsupported `format` falls back with a warning. */
  formatFallbackWarns: { since: '9.2' },
  /** `unusedN` entries need access to their storage. */
  unusedNeedsStorage: { since: '8.4', without: '9.1' },
  /** A create with `start` asks for VM.PowerMgmt up front. */
  startCheckedOnCreate: { since: '9.2' },
  /** `PUT .../token/{t}` with `regenerate=1`. */
  tokenRegenerate: { since: '9.2' },
  /** A storage id of one character is told to be too short; before: to have illegal characters. */
  shortStorageIdText: { since: '9.1' },
  /** `missing property required by 'x'`; before: `missing property - 'x' requires this property`. */
  requiredByText: { since: '9.1' },
  /** The default key's bare value may be `yes` or `true`, too, where it is a boolean. */
  bareBooleans: { since: '9.1' },
  /** A create takes `ha-managed`. */
  haManagedCreate: { since: '9.1' },
  importWorkingStorage: { since: '8.4' },
  /** Interfaces of SDN fabrics, and SDN's own in the list of a node's networks. */
  sdnFabrics: { since: '9.1' },
  /** Filter `any_local_bridge` of a node's networks. */
  anyLocalBridge: { since: '8.1' },
  /** A NIC may be on no bridge at all; before: the check of the right to one fails. */
  nicWithoutBridge: { since: '9.1' },
  /** `net: host-tunnel`. */
  nicHostTunnel: { since: '9.2' },
  /** `agent: freeze-fs-on-backup`. */
  agentFreezeFs: { since: '8.1' },
  /** `agent: freeze-fs`, of which the older name is an alias. */
  agentFreezeFsRenamed: { since: '9.2' },
  // Options of a guest and keys inside them.
  affinity: { since: '7.4' },
  allowKsm: { since: '9.1' },
  amdSev: { since: '8.1' },
  sevSnp: { since: '8.4' },
  intelTdx: { since: '9.1' },
  virtiofs: { since: '8.4' },
  tpmState: { since: '7.4' },
  tpmFormats: { since: '9.1' },
  /** `efidisk0: efitype`, `pre-enrolled-keys`. */
  secureBoot: { since: '7.4' },
  /** `efidisk0: ms-cert`. */
  efiCertificates: { since: '8.4' },
  /** `scsiN: vendor`, `product`. */
  scsiVendor: { since: '8.1' },
  /** `netN: queues` up to 64; before: 16. */
  manyNicQueues: { since: '7.4' },
  /** usb0 to usb13; before: to usb4. */
  manyUsb: { since: '7.4' },
  /** `hostpciN: driver`. */
  pciDriver: { since: '9.1' },
  virtioGl: { since: '7.4' },
  /** `vga: clipboard`. */
  vncClipboard: { since: '8.1' },
  /** `machine` is a property string with `viommu`. */
  machineIsString: { since: '8.1' },
  /** `machine: enable-s3`, `enable-s4`, `aw-bits`. */
  machinePowerStates: { since: '8.4' },
  windows11: { since: '7.4' },
  /** `cicustom: vendor`. */
  vendorData: { since: '7.4' },
  /** CPU models with versions and the x86-64-vN ones. */
  levelledCpuModels: { since: '8.1' },
  cpuModelsOf2024: { since: '8.4' },
  cpuModelsOf2025: { since: '9.1' },
  /** CPU flag `nested-virt`, and the list of flags in order. */
  nestedVirtFlag: { since: '9.1' },
  /** `cpu: guest-phys-bits`. */
  guestPhysBits: { since: '9.1' },
  /** Parameters of a start or stop that a migration sends. */
  migratedMtu: { since: '9.1' },
  migratedConntrack: { since: '9.1' },
  /** `count`, `offset` and `decode` of `agent/file-read`. */
  agentFileRanges: { since: '9.2' },
  /** Linked images have divided clusters. */
  linkedExtendedL2: { since: '9.1' },
  /** `bridge_vids` of an interface. */
  bridgeVids: { since: '8.4' },
  /** Changes of the SDN can be made under a lock of one's own. */
  sdnLock: { since: '9.1' },
  isolatePorts: { since: '8.4' },
  /** `icmp-type` of a firewall rule, and rules for what is forwarded. */
  firewallIcmpType: { since: '7.4' },
  firewallForward: { since: '8.4' },
  regenerateFrr: { since: '9.1' },
  /** `download` of a task's log. */
  taskLogDownload: { since: '7.4' },
  /** The log of a task that the node does not know is a list of one line; before: the line itself. */
  missingLogIsList: { since: '9.1' },
} satisfies Readonly<Record<string, Lifetime>>;

export type Feature = keyof typeof FEATURES;

/** Whether a release such as `8.4` has the feature. */
export function hasFeature(release: string, feature: Feature): boolean {
  const { since, until, without }: Lifetime = FEATURES[feature];
  if (release === without) return false;
  return (since === undefined || !isBefore(release, since)) && (until === undefined || isBefore(release, until));
}

function isBefore(release: string, other: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
