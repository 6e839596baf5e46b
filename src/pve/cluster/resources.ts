import type { Deadline } from '#runtime/deadline';
import { asRows, flagOf, listOf, numberOf, requiredNode, requiredText, type Row, textOf } from '../answer.ts';
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

/** A node as the cluster's view shows it. The numbers need Sys.Audit on it; of one that is offline the sizes stay. */
export interface NodeSight {
  readonly name: NodeName;
  readonly online: boolean;
  readonly maxCpus: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly memoryBytes: number | undefined;
}

/** A storage on one node that has it. Only those on which we hold Datastore.Audit are shown. */
export interface StorageSight {
  readonly storage: string;
  readonly node: NodeName;
  /** `dir`, `lvmthin`, `nfs`, `rbd`, ...; empty where PVE does not say. */
  readonly type: string;
  /** `images`, `iso`, ... */
  readonly content: readonly string[];
  readonly shared: boolean;
  readonly available: boolean;
}

export interface Resources {
  readonly guests: readonly GuestEntry[];
  readonly nodes: readonly NodeSight[];
  readonly storages: readonly StorageSight[];
}

/** Everything the cluster's view has of guests, nodes and storages, in one answer. What we may not see is left out. */
export async function listResources(pve: Pve, call: Deadline): Promise<Resources> {
  const rows = asRows(await pve.get('/cluster/resources', call), 'cluster resources');
  const ofType = (type: string): readonly Row[] => rows.filter((row) => textOf(row, 'type') === type);
  return {
    guests: rows.flatMap((row) => guestEntry(row) ?? []),
    nodes: ofType('node').map(nodeSight),
    storages: ofType('storage').map(storageSight),
  };
}

function nodeSight(row: Row): NodeSight {
  return {
    name: requiredNode(row, 'cluster resource'),
    online: textOf(row, 'status') === 'online',
    maxCpus: numberOf(row, 'maxcpu'),
    maxMemoryBytes: numberOf(row, 'maxmem'),
    memoryBytes: numberOf(row, 'mem'),
  };
}

function storageSight(row: Row): StorageSight {
  return {
    storage: requiredText(row, 'storage', 'cluster resource'),
    node: requiredNode(row, 'cluster resource'),
    type: textOf(row, 'plugintype') ?? '',
    content: listOf(row, 'content'),
    shared: flagOf(row, 'shared'),
    available: textOf(row, 'status') === 'available',
  };
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
