import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readText, TEXT_RULES } from './texts.ts';

describe('what a text of PVE says', () => {
  test.each([
    [
      "Configuration file 'nodes/pve1/qemu-server/201.conf' does not exist",
      'vm-missing',
      { node: 'pve1', vmid: '201' },
    ],
    ["unable to create VM 101 - VM 101 already exists on node 'pve2'", 'vmid-taken', { vmid: '101' }],
    ["unable to create VM 101 - CT 101 already exists on node 'pve2'", 'vmid-taken', { vmid: '101' }],
    ['VM 100 already exists', 'vmid-taken', { vmid: '100' }],
    ['unable to create VM 210: config file already exists', 'vmid-taken', { vmid: '210' }],
    [
      "close (rename) atomic file '/etc/pve/nodes/pve1/qemu-server/203.conf' failed: File exists",
      'vmid-taken',
      { vmid: '203' },
    ],
    ['VM is locked (snapshot-delete)', 'locked', { lock: 'snapshot-delete' }],
    [
      "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout",
      'lock-timeout',
      { file: '/var/lock/qemu-server/lock-9000.conf' },
    ],
    [
      "clone failed: can't add VM 7 to pool 'p': cfs-lock 'file-user_cfg' error: got lock request timeout",
      'lock-timeout',
      { file: 'file-user_cfg' },
    ],
    ['checksum missmatch (file change by other user?)', 'digest-mismatch', {}],
    ['Permission check failed (/vms/100, VM.PowerMgmt)', 'forbidden', { path: '/vms/100', privilege: 'VM.PowerMgmt' }],
    [
      'Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)',
      'forbidden',
      { path: '/vms/100', privilege: 'VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted' },
    ],
    ['Permission check failed', 'forbidden', {}],
    ["Permission check failed (pool 'p1' does not exist)", 'pool-missing', { pool: 'p1' }],
    ["unable to create VM 207 - storage 'nosuch' does not exist", 'storage-missing', { storage: 'nosuch' }],
    ["can't remove VM 101 - protection mode enabled", 'protected', {}],
    ['VM 100 is running - destroy failed', 'running', { vmid: '100' }],
    ['VM 100 already running', 'running', { vmid: '100' }],
    ['VM 103 is not running', 'stopped', { vmid: '103' }],
    ['VM 103 not running', 'stopped', { vmid: '103' }],
    ["can't clone VM to node 'pve2' (VM uses local storage)", 'local-storage', { node: 'pve2' }],
    ["can't clone to non-shared storage 'local'", 'local-storage', { storage: 'local' }],
    ["snapshot name 'one' already used", 'snapshot-exists', { snapshot: 'one' }],
    ["snapshot 'one' does not exist", 'snapshot-missing', { snapshot: 'one' }],
    ['snapshot feature is not available', 'snapshot-unsupported', {}],
    ['unable to rollback to incomplete snapshot (snapstate = prepare)', 'snapshot-incomplete', {}],
    [
      "can't rollback, 'one' is not most recent snapshot on 'tank:vm-100-disk-0'",
      'not-newest',
      { snapshot: 'one', volume: 'tank:vm-100-disk-0' },
    ],
    ['Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: VirtIO-FS', 'state-unsavable', {}],
    ["you can't take a snapshot if it's a template", 'is-template', {}],
    [
      "hotplug problem - you can't add more vcpus than maxcpus",
      'hotplug-problem',
      { why: "you can't add more vcpus than maxcpus" },
    ],
  ])('"%s" is %s', (text, kind, details) => expect(readText(text)).toEqual({ kind, details }));

  test.each([
    'checksum mismatch: got "a" != expect "b"',
    "configuration file 'nodes/pve/qemu-server/1.conf' does not exist",
    "can't rollback, more",
    'VM quit/powerdown failed - got timeout',
    '',
  ])('"%s" is none of the list', (text) => expect(readText(text)).toBeUndefined());
});

const traces = join(process.env['FACTS_DIR'] ?? '../shared', 'data/pve-traces');
const isMissing = !existsSync(traces) && process.env['FACTS_DIR'] === undefined;
const skipped = isMissing ? ' (skipped: ../shared is not here)' : '';

/** `one-node/66` to every text that PVE answered there: phrases, messages, parameters, ends of tasks. */
function recordedTexts(): ReadonlyMap<string, ReadonlySet<string>> {
  const texts = new Map<string, Set<string>>();
  if (isMissing) return texts;
  for (const version of ['8.4.21', '9.1.9']) {
    for (const topology of ['one-node', 'two-node']) {
      for (const name of readdirSync(join(traces, version, topology))) {
        const key = `${topology}/${name.split('-')[0] ?? ''}`;
        const found = texts.get(key) ?? new Set<string>();
        collectTexts(JSON.parse(readFileSync(join(traces, version, topology, name), 'utf8')), found);
        texts.set(key, found);
      }
    }
  }
  return texts;
}

function collectTexts(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value.trimEnd());
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collectTexts(inner, into);
  }
}

describe.skipIf(isMissing)(`the list of texts${skipped}`, () => {
  const recorded = recordedTexts();
  const cited = TEXT_RULES.flatMap((rule) =>
    [...rule.origin.matchAll(/(one|two)-node\/\d+/g)].map(([recording]) => ({ ...rule, recording })),
  );

  test('cites recordings', () => expect(cited.length).toBeGreaterThan(25));

  test.each(cited)('$kind was recorded in $recording', ({ pattern, recording }) => {
    expect([...(recorded.get(recording) ?? [])].some((text) => pattern.test(text))).toBe(true);
  });
});
