// Identifiers of PVE as types of their own, so that none is taken for another.

declare const brand: unique symbol;

/** 100 to 999999999. */
export type Vmid = number & { readonly [brand]: 'vmid' };
export type NodeName = string & { readonly [brand]: 'node' };
/** A task id, bound to the node in it. */
export type Upid = string & { readonly [brand]: 'upid' };

export interface UpidParts {
  readonly node: NodeName;
  readonly pid: number;
  readonly pstart: number;
  /** Seconds since the epoch, the node's clock. */
  readonly starttime: number;
  /** `qmclone`, `qmcreate`, `imgcopy`, ... */
  readonly type: string;
  /** The VMID for most types; of a qmclone it is the source's. */
  readonly id: string;
  readonly user: string;
}

const UPID =
  /^UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):([^:\s/]+):([^:\s/]*):([^:\s/]+):$/;

/** The VMID that `text` is in plain decimal, or undefined. */
export function parseVmid(text: string): Vmid | undefined {
  return /^[1-9][0-9]{2,8}$/.test(text) ? (Number(text) as Vmid) : undefined;
}

/** A VMID as providers give it out; the older one's `node:vmid` too, its node being only where the VM once was. */
export function parseVmReference(text: string): Vmid | undefined {
  return parseVmid(text.replace(/^[^:]+:/, ''));
}

export function parseUpid(text: string): UpidParts | undefined {
  const match = UPID.exec(text);
  if (match === null) return undefined;
  const [, node = '', pid = '', pstart = '', starttime = '', type = '', id = '', user = ''] = match;
  return {
    node: node as NodeName,
    pid: Number.parseInt(pid, 16),
    pstart: Number.parseInt(pstart, 16),
    starttime: Number.parseInt(starttime, 16),
    type,
    id,
    user,
  };
}

/** `text` as a task id, or undefined where it is none. */
export function asUpid(text: string): Upid | undefined {
  return UPID.test(text) ? (text as Upid) : undefined;
}

/** `value` as a VMID, or undefined: PVE gives them as numbers and as strings (pve-behaviour 1.6). */
export function asVmid(value: unknown): Vmid | undefined {
  return typeof value === 'number' || typeof value === 'string' ? parseVmid(String(value)) : undefined;
}

/** The node a task runs on: only that one can be asked about it. */
export function upidNode(upid: Upid): NodeName {
  return upid.split(':')[1] as NodeName;
}

export function formatUpid(parts: UpidParts): Upid {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  const { node, pid, pstart, starttime, type, id, user } = parts;
  return `UPID:${node}:${hex(pid)}:${hex(pstart)}:${hex(starttime)}:${type}:${id}:${user}:` as Upid;
}
