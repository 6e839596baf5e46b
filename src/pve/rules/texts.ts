// PVE's texts, told apart narrowly and case-exactly: there is no 404 and no 409 in its interface, only words
// (pve-behaviour 1.3). One list as data; each row says where its text was seen. The first row that fits wins.

export type PveTextKind =
  | 'agent-not-configured'
  | 'agent-silent'
  | 'bad-ssh-key'
  | 'base-in-use'
  | 'bridge-missing'
  | 'checksum-mismatch'
  | 'digest-mismatch'
  | 'disk-missing'
  | 'disk-shrink'
  | 'download-failed'
  | 'file-exists'
  | 'forbidden'
  | 'full-clone-unsupported'
  | 'ha-managed'
  | 'hotplug-problem'
  | 'image-invalid'
  | 'interrupted'
  | 'is-template'
  | 'linked-clone-unsupported'
  | 'local-storage'
  | 'lock-timeout'
  | 'locked'
  | 'no-free-vmid'
  | 'no-quorum'
  | 'no-space'
  | 'no-worker'
  | 'node-missing'
  | 'not-ha-managed'
  | 'not-newest'
  | 'paused'
  | 'pool-missing'
  | 'protected'
  | 'root-only'
  | 'running'
  | 'snapshot-exists'
  | 'snapshot-incomplete'
  | 'snapshot-missing'
  | 'snapshot-unsupported'
  | 'state-unsavable'
  | 'stopped'
  | 'storage-disabled'
  | 'storage-elsewhere'
  | 'storage-missing'
  | 'storage-wrong-content'
  | 'task-unknown'
  | 'too-many-cpus'
  | 'tpm-in-use'
  | 'vm-missing'
  | 'vmid-taken'
  | 'volume-missing';

export interface TextRule {
  readonly kind: PveTextKind;
  /** Named groups become the details of what was read. */
  readonly pattern: RegExp;
  readonly origin: string;
}

export interface PveText {
  readonly kind: PveTextKind;
  /** What the text names: `vmid`, `node`, `lock`, `file`, `path`, `privilege`, `storage`, `volume`, ... */
  readonly details: Readonly<Record<string, string>>;
}

export const TEXT_RULES: readonly TextRule[] = [
  {
    kind: 'vm-missing',
    pattern: /Configuration file 'nodes\/(?<node>[^/']+)\/(?:qemu-server|lxc)\/(?<vmid>\d+)\.conf' does not exist/,
    origin: 'pve-behaviour 10; as a task one-node/63',
  },
  {
    kind: 'vm-missing',
    pattern: /unable to find configuration file for VM (?<vmid>\d+) on node '(?<node>[^']+)'/,
    origin: 'one-node/60; as a task two-node/02',
  },
  { kind: 'vmid-taken', pattern: /(?:VM|CT) (?<vmid>\d+) already exists/, origin: 'pve-behaviour 7, 9.4; one-node/47' },
  {
    kind: 'vmid-taken',
    pattern: /unable to create VM (?<vmid>\d+): config file already exists/,
    origin: 'pve-behaviour 13.3, 28.3; one-node/47',
  },
  {
    kind: 'vmid-taken',
    pattern: /\/(?:qemu-server|lxc)\/(?<vmid>\d+)\.conf' failed: File exists/,
    origin: 'pve-behaviour 9.4, 13.5, 26',
  },
  { kind: 'locked', pattern: /(?:VM|CT) is locked \((?<lock>[a-z-]+)\)/, origin: 'pve-behaviour 20; one-node/66' },
  { kind: 'lock-timeout', pattern: /can't lock file '(?<file>[^']+)' - got timeout/, origin: 'pve-behaviour 20' },
  {
    kind: 'lock-timeout',
    pattern: /cfs-lock '(?<file>[^']+)' error: got lock request timeout/,
    origin: 'pve-behaviour 20, 28.5',
  },
  {
    kind: 'lock-timeout',
    pattern: /'(?<file>[^']+)'-locked command timed out - aborting/,
    origin: 'pve-behaviour 20',
  },
  {
    kind: 'lock-timeout',
    pattern: /Failed to obtain guest migration lock/,
    origin: 'pve-behaviour 20',
  },
  { kind: 'no-quorum', pattern: /cluster not ready - no quorum\?/, origin: 'two-node/08' },
  { kind: 'no-quorum', pattern: /error: no quorum!/, origin: 'two-node/08' },
  { kind: 'no-quorum', pattern: /'\/etc\/pve\/[^']*' - Permission denied/, origin: 'two-node/08' },
  {
    kind: 'digest-mismatch',
    pattern: /checksum miss?match \(file change by other user\?\)/,
    origin: 'pve-behaviour 11.2, 22; one-node/31',
  },
  {
    kind: 'digest-mismatch',
    pattern: /detected modified configuration - file changed by other user\?/,
    origin: 'pve-behaviour 28.2; one-node/54',
  },
  {
    kind: 'pool-missing',
    pattern: /pool '(?<pool>[^']+)' does not exist/,
    origin: 'pve-behaviour 9.3, 19; one-node/30',
  },
  {
    kind: 'forbidden',
    pattern: /Permission check failed \((?<path>\/?[^ ,]*), (?<privilege>[^)]+)\)/,
    origin: 'pve-behaviour 5.1; one-node/05',
  },
  { kind: 'forbidden', pattern: /^(?:\d+ )?Permission check failed/, origin: 'pve-behaviour 5.1; one-node/02' },
  {
    kind: 'root-only',
    pattern: /[Oo]nly root can (?:set|modify|pass) (?:'(?<option>[^']+)')?/,
    origin: 'pve-behaviour 5.4; one-node/10',
  },
  { kind: 'bad-ssh-key', pattern: /SSH public key validation error/, origin: 'pve-behaviour 18.2' },
  { kind: 'protected', pattern: /protection mode enabled/, origin: 'pve-behaviour 16; one-node/40' },
  {
    kind: 'ha-managed',
    pattern: /unable to remove VM (?<vmid>\d+) - used in HA resources/,
    origin: 'pve-behaviour 16; one-node/110',
  },
  { kind: 'not-ha-managed', pattern: /no such resource 'vm:(?<vmid>\d+)'/, origin: 'one-node/110' },
  {
    kind: 'not-ha-managed',
    pattern: /cannot delete service 'vm:(?<vmid>\d+)', not HA managed!/,
    origin: 'pve-behaviour 19; one-node/110',
  },
  {
    kind: 'running',
    pattern: /VM (?<vmid>\d+) (?:already running|is running - destroy failed)/,
    origin: 'pve-behaviour 12, 16; one-node/66, one-node/70',
  },
  { kind: 'stopped', pattern: /VM (?<vmid>\d+) (?:is )?not running/, origin: 'pve-behaviour 12, 17; one-node/70' },
  { kind: 'paused', pattern: /VM is paused - cannot shutdown/, origin: 'pve-behaviour 12; one-node/70' },
  { kind: 'agent-not-configured', pattern: /No QEMU guest agent configured/, origin: 'pve-behaviour 17; one-node/80' },
  { kind: 'agent-silent', pattern: /QEMU guest agent is not running/, origin: 'pve-behaviour 17; one-node/70' },
  {
    kind: 'agent-silent',
    pattern: /VM (?<vmid>\d+) qga command '[^']+' failed - got timeout/,
    origin: 'pve-behaviour 17',
  },
  { kind: 'no-worker', pattern: /got no worker upid - start worker failed/, origin: 'pve-behaviour 28.7; one-node/30' },
  {
    kind: 'interrupted',
    pattern: /interrupted by signal|^received interrupt$|^unexpected status$/,
    origin: 'pve-behaviour 6.2, 28.11',
  },
  { kind: 'task-unknown', pattern: /^(?:no such task|unable to parse worker upid)$/, origin: 'one-node/85' },
  {
    kind: 'storage-missing',
    pattern: /storage '(?<storage>[^']+)' does not exist/,
    origin: 'pve-behaviour 8.5; one-node/05; as a task one-node/48',
  },
  { kind: 'storage-disabled', pattern: /storage '(?<storage>[^']+)' is disabled/, origin: 'one-node/48' },
  {
    kind: 'storage-elsewhere',
    pattern: /storage '(?<storage>[^']+)' is not available on node '(?<node>[^']+)'/,
    origin: 'one-node/48',
  },
  {
    kind: 'storage-wrong-content',
    pattern: /storage '(?<storage>[^']+)' does not support (?<content>'[^']+' content|vm images)/,
    origin: 'pve-behaviour 8.5, 9.3; one-node/101',
  },
  {
    kind: 'storage-wrong-content',
    pattern: /storage '(?<storage>[^']+)' is not configured for content-type '(?<content>[^']+)'/,
    origin: 'what download-url says (PVE::API2::Storage::Status)',
  },
  {
    kind: 'volume-missing',
    pattern: /volume '?(?<volume>[^ ']+)'? does not exist/,
    origin: 'pve-behaviour 9.2, 28.9; one-node/72',
  },
  {
    kind: 'node-missing',
    pattern: /hostname lookup '(?<node>[^']+)' failed/,
    origin: 'pve-behaviour 1.5; one-node/20',
  },
  { kind: 'node-missing', pattern: /no such cluster node '(?<node>[^']+)'/, origin: 'pve-behaviour 13.2; two-node/04' },
  {
    kind: 'local-storage',
    pattern:
      /can't clone (?:VM to node '(?<node>[^']+)' \(VM uses local storage\)|to non-shared storage '(?<storage>[^']+)')/,
    origin: 'pve-behaviour 13.2; two-node/04',
  },
  {
    kind: 'linked-clone-unsupported',
    pattern: /Linked clone feature is not supported for /,
    origin: 'pve-behaviour 13.2',
  },
  { kind: 'full-clone-unsupported', pattern: /Full clone feature is not supported for /, origin: 'pve-behaviour 8.4' },
  { kind: 'tpm-in-use', pattern: /cannot clone TPM state while VM is running/, origin: 'pve-behaviour 13.2' },
  {
    kind: 'base-in-use',
    pattern: /base volume '(?<volume>[^']+)' is still in use by linked cloned/,
    origin: 'pve-behaviour 16; one-node/63',
  },
  { kind: 'is-template', pattern: /you can't start a vm if it's a template/, origin: 'pve-behaviour 12; one-node/70' },
  { kind: 'is-template', pattern: /you can't take a snapshot if it's a template/, origin: 'pve-behaviour 14.2' },
  { kind: 'is-template', pattern: /you can't rollback if vm is a template/, origin: 'pve-behaviour 14.4' },
  { kind: 'is-template', pattern: /you can't delete a snapshot if vm is a template/, origin: 'pve-behaviour 14.5' },
  {
    kind: 'snapshot-exists',
    pattern: /snapshot name '(?<snapshot>[^']+)' already used/,
    origin: 'pve-behaviour 14.2; as a task one-node/75',
  },
  {
    kind: 'snapshot-missing',
    pattern: /snapshot '(?<snapshot>[^']+)' does not exist/,
    origin: 'pve-behaviour 14.3 to 14.5; as a task one-node/75',
  },
  {
    kind: 'snapshot-unsupported',
    pattern: /snapshot feature is not available/,
    origin: 'pve-behaviour 14.2; as a task one-node/75',
  },
  {
    kind: 'snapshot-incomplete',
    pattern: /unable to rollback to incomplete snapshot/,
    origin: 'pve-behaviour 14.4',
  },
  {
    kind: 'not-newest',
    pattern: /can't rollback, '(?<snapshot>[^']+)' is not most recent snapshot on '(?<volume>[^']+)'/,
    origin: 'pve-behaviour 14.4',
  },
  { kind: 'state-unsavable', pattern: /Cannot live-migrate, snapshot \(with RAM\)/, origin: 'pve-behaviour 14.2' },
  { kind: 'state-unsavable', pattern: /unable to save VM state and RAM/, origin: 'pve-behaviour 14.2' },
  { kind: 'disk-missing', pattern: /disk '(?<disk>[^']+)' does not exist/, origin: 'pve-behaviour 15; one-node/54' },
  { kind: 'disk-shrink', pattern: /shrinking disks is not supported/, origin: 'pve-behaviour 15; one-node/54' },
  {
    kind: 'bridge-missing',
    pattern: /bridge '(?<bridge>[^']+)' does not exist/,
    origin: 'pve-behaviour 19; one-node/48',
  },
  {
    kind: 'too-many-cpus',
    pattern: /MAX (?<max>\d+) vcpus allowed per VM on this node/,
    origin: 'pve-behaviour 12; one-node/72',
  },
  { kind: 'hotplug-problem', pattern: /hotplug problem - (?<why>.+)/, origin: 'pve-behaviour 11.6; one-node/52' },
  {
    kind: 'no-free-vmid',
    pattern: /unable to get any free VMID in range \[(?<range>[^\]]+)\]/,
    origin: 'pve-behaviour 7; one-node/20',
  },
  { kind: 'no-space', pattern: /[Ii]nsufficient free space/, origin: 'what lvcreate prints' },
  { kind: 'no-space', pattern: /free space in thin pool \S+ reached threshold/, origin: 'what lvcreate prints' },
  { kind: 'no-space', pattern: /: out of space/, origin: 'what zfs prints' },
  { kind: 'no-space', pattern: /No space left on device/, origin: 'the text of ENOSPC, which PVE hands on' },
  {
    kind: 'checksum-mismatch',
    pattern: /checksum mismatch: got '(?<got>[^']*)' != expect '(?<expected>[^']*)'/,
    origin: 'pve-behaviour 8.5, 8.6',
  },
  { kind: 'file-exists', pattern: /refusing to override existing file '(?<file>[^']+)'/, origin: 'pve-behaviour 8.6' },
  { kind: 'image-invalid', pattern: /failed to verify file: (?<why>.+)/, origin: 'pve-behaviour 8.6' },
  { kind: 'download-failed', pattern: /^download failed: (?<why>.+)/, origin: 'pve-behaviour 8.6' },
];

/** What a text of PVE's says; undefined where it is none of the list. */
export function readText(text: string): PveText | undefined {
  for (const { kind, pattern } of TEXT_RULES) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const named = Object.entries(match.groups ?? {}).filter(([, value]) => value !== undefined);
    return { kind, details: Object.fromEntries(named) };
  }
  return undefined;
}
