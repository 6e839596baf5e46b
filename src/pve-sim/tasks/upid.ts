// Task ids (pve-behaviour 6.1).

export interface UpidParts {
  readonly node: string;
  readonly pid: number;
  readonly pstart: number;
  readonly starttime: number;
  readonly type: string;
  readonly id: string;
  readonly user: string;
}

const UPID =
  /^UPID:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?:[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8}:[^:\s/]+:[^:\s/]*:([^:\s/]+):$/;

export function formatUpid(parts: UpidParts): string {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  const { node, pid, pstart, starttime, type, id, user } = parts;
  return `UPID:${node}:${hex(pid)}:${hex(pstart)}:${hex(starttime)}:${type}:${id}:${user}:`;
}

/** Whose task a UPID says it is; undefined for a text that is no UPID. */
export function parseUpid(text: string): Pick<UpidParts, 'user'> | undefined {
  const user = UPID.exec(text)?.[1];
  return user === undefined ? undefined : { user };
}
