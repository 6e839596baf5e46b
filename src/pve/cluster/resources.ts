import type { Deadline } from '#runtime/deadline';
import { asRows, flagOf, numberOf, requiredNode, type Row, textOf } from '../answer.ts';
import { parseTags } from '../codec/tags.ts';
import type { Pve } from '../connection/pve.ts';
import { asVmid, type NodeName, type Vmid } from '../ids.ts';

/**
 * A guest as the cluster's view shows it. Id, node, lock, tags and pool are at most half a second old; name, status,
 * template and the numbers up to 11 s, and they may go back and forth (pve-behaviour 7, 26).
 */
export interface GuestEntry {
  readonly vmid: Vmid;
  readonly node: NodeName;
  readonly type: 'qemu' | 'lxc';
  /** Absent on a new guest; on a reused id it may be the predecessor's. */
  readonly name: string | undefined;
  /** QMP's word while running (`running`, `paused`, `prelaunch`, ...), else `stopped`; `unknown` where PVE has none. */
  readonly status: string;
  readonly template: boolean;
  readonly lock: string | undefined;
  readonly tags: readonly string[];
  readonly pool: string | undefined;
  readonly haState: string | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly maxCpus: number | undefined;
  readonly maxDiskBytes: number | undefined;
  readonly uptimeSeconds: number | undefined;
}

/** All guests we may see (VM.Audit): what is not in the list may exist all the same. */
export async function listGuests(pve: Pve, call: Deadline): Promise<readonly GuestEntry[]> {
  const rows = asRows(await pve.get('/cluster/resources', call, { type: 'vm' }), 'cluster resources');
  return rows.flatMap((row) => guestEntry(row) ?? []);
}

function guestEntry(row: Row): GuestEntry | undefined {
  const vmid = asVmid(row['vmid']);
  const type = textOf(row, 'type');
  if (vmid === undefined || (type !== 'qemu' && type !== 'lxc')) return undefined;
  return {
    vmid,
    node: requiredNode(row, 'cluster resource'),
    type,
    name: textOf(row, 'name'),
    status: textOf(row, 'status') ?? 'unknown',
    template: flagOf(row, 'template'),
    lock: textOf(row, 'lock'),
    tags: parseTags(textOf(row, 'tags') ?? ''),
    pool: textOf(row, 'pool'),
    haState: textOf(row, 'hastate'),
    maxMemoryBytes: numberOf(row, 'maxmem'),
    memoryBytes: numberOf(row, 'mem'),
    maxCpus: numberOf(row, 'maxcpu'),
    maxDiskBytes: numberOf(row, 'maxdisk'),
    uptimeSeconds: numberOf(row, 'uptime'),
  };
}
