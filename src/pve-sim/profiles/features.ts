// What differs between versions of PVE, one name per difference (pve-behaviour 22, 27): the release that brought it, and
// the one that took it away again. Code asks `profile.has('resizeIsTask')`, never for a version.

interface Lifetime {
  /** The first release that has it; absent: older than everything played. */
  readonly since?: string;
  /** The first release that no longer has it. */
  readonly until?: string;
}

export const FEATURES = {
  /** The error's text is in the JSON body too, not only in the reason phrase. */
  messageInBody: { since: '8.4' },
  /** Bodies up to 512 KiB; before: 64 KiB. */
  largeBodies: { since: '8.4' },
  /** JSON booleans pass the check of a `boolean`. */
  jsonBooleans: { since: '8.1' },
  /** `resize` answers with a UPID and fails in its task. */
  resizeIsTask: { since: '8.1' },
  /** `template` answers with a UPID. */
  templateIsTask: { since: '7.4' },
  /** `memory` is a property string, so that a config shows it as text. */
  memoryIsString: { since: '8.1' },
  /** VMIDs are 100 to 999999999 by schema; before: from 1, with three digits by format. */
  vmidRange: { since: '8.1' },
  /** SDN.Use is needed on every bridge. */
  bridgesNeedSdnUse: { since: '8.1' },
  /** Agent calls need VM.GuestAgent.*; before: VM.Monitor. */
  guestAgentPrivileges: { since: '9.1' },
  /** `agent/exec` takes an array; before: one string with NUL between the words. */
  agentCommandArray: { since: '8.1' },
  /** Sys.AccessNetwork on the node opens `download-url`. */
  accessNetworkPrivilege: { since: '8.4' },
  /** Content type `import`, and volumes of it as `import-from`. */
  importContent: { since: '8.4' },
  /** `import-from` in the disk syntax, from images or root's paths. */
  importFrom: { since: '7.4' },
  /** `overrule-shutdown` of a stop. */
  overruleShutdown: { since: '8.4' },
  ciupgrade: { since: '8.1' },
  /** `GET` and `PUT .../cloudinit`. */
  cloudinitCalls: { since: '7.4' },
  /** Nested pools, `/pools?poolid=`, `allow-move`. */
  nestedPools: { since: '8.1' },
  /** ipconfigN needs VM.Config.Cloudinit or VM.Config.Network; before: Network alone. */
  ipconfigNeedsCloudinitOrNetwork: { since: '8.1' },
  /** Resource mappings: Mapping.* privileges, mapped devices. */
  mappings: { since: '8.1' },
  haGroups: { until: '9.1' },
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
  /** 401s do not say why. */
  silent401: { since: '9.1' },
  /** An unsupported linked clone is refused with `for '<volid>' (scsi0)`; before: `for drive 'scsi0'`. */
  cloneRefusalNamesVolume: { since: '8.1' },
  /** `checksum mismatch`; before: `checksum missmatch`. */
  mismatchSpelling: { since: '8.4' },
  /** `/cluster/resources` has `network` entries; before: `sdn`. */
  networkResources: { since: '9.1' },
  /** Guests show `memhost`, running ones their pressure too. */
  guestHostUse: { since: '9.1' },
  /** cyls, heads, secs and trans of a drive. */
  diskGeometry: { until: '9.1' },
  /** A custom CPU model needs Mapping.Use on it; before: Sys.Audit on /nodes. */
  customCpuNeedsMapping: { since: '9.2' },
  /** `POST .../config` forks before it takes the config lock: a lock held too long is the task's error. */
  configTaskTakesLock: { since: '9.2' },
  /** Destroying a guest whose storage has vanished succeeds with warnings. */
  destroyWithoutStorage: { since: '9.2' },
  /** A full clone or move with an unsupported `format` falls back with a warning. */
  formatFallbackWarns: { since: '9.2' },
  /** `unusedN` entries need access to their storage. */
  unusedNeedsStorage: { since: '9.2' },
  /** A create with `start` asks for VM.PowerMgmt up front. */
  startCheckedOnCreate: { since: '9.2' },
  /** `PUT .../token/{t}` with `regenerate=1`. */
  tokenRegenerate: { since: '9.2' },
  /** `net: host-tunnel`, `agent: freeze-fs`. */
  nicHostTunnel: { since: '9.2' },
} satisfies Readonly<Record<string, Lifetime>>;

export type Feature = keyof typeof FEATURES;

/** Whether a release such as `8.4` has the feature. */
export function hasFeature(release: string, feature: Feature): boolean {
  const { since, until }: Lifetime = FEATURES[feature];
  return (since === undefined || !isBefore(release, since)) && (until === undefined || isBefore(release, until));
}

function isBefore(release: string, other: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
