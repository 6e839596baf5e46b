// Task ids (pve-behaviour 6.1).

export interface UpidParts {
  readonly node: string;
  readonly pid: number;
  readonly pstart: number;
  /** Seconds since the epoch. */
  readonly starttime: number;
  readonly type: string;
  readonly id: string;
  /** A user id or a full token id. */
  readonly user: string;
}

const UPID =
  /^UPID:(?<node>[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):(?<pid>[0-9A-Fa-f]{8}):(?<pstart>[0-9A-Fa-f]{8,9}):(?<starttime>[0-9A-Fa-f]{8}):(?<type>[^:\s/]+):(?<id>[^:\s/]*):(?<user>[^:\s/]+):$/;

export function formatUpid(parts: UpidParts): string {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  const { node, pid, pstart, starttime, type, id, user } = parts;
  return `UPID:${node}:${hex(pid)}:${hex(pstart)}:${hex(starttime)}:${type}:${id}:${user}:`;
}

/** Undefined for a text that is no UPID. */
export function parseUpid(text: string): UpidParts | undefined {
  const groups = UPID.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const part = (name: string): string => groups[name] ?? '';
  const number = (name: string): number => Number.parseInt(part(name), 16);
  return {
    node: part('node'),
    pid: number('pid'),
    pstart: number('pstart'),
    starttime: number('starttime'),
    type: part('type'),
    id: part('id'),
    user: part('user'),
  };
}
