import { Fault } from '#domain/fault';

export interface Reason {
  readonly why: string;
  readonly remedy: string;
}

export const NOT_YET: Reason = { why: 'it is not supported by this version', remedy: 'Remove it' };
export const NOT_ON_PVE: Reason = { why: 'Proxmox VE has no such thing', remedy: 'Remove it' };

/** Throws `unsupported` naming the first of these fields that asks for anything. */
export function refuse(path: string, asked: Readonly<Record<string, unknown>>, { why, remedy }: Reason): void {
  const field = Object.keys(asked).find((name) => asks(asked[name]));
  if (field !== undefined) throw new Fault('unsupported', { subject: `${path}.${field}`, why, remedy });
}

/** What an API server fills in, what is empty, and what is not `enabled` asks for nothing. */
export function asks(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
  if (typeof value !== 'object') return true;
  return !('enabled' in value && value.enabled === false) && Object.values(value).some(asks);
}
