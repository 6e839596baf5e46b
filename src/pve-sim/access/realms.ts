// Where users come from: the host's own, and PVE's. Others are not played.
import { failure } from '../pve-error.ts';

export interface Realm {
  readonly realm: string;
  readonly type: string;
  readonly comment: string;
}

export const REALMS: readonly Realm[] = [
  { realm: 'pam', type: 'pam', comment: 'Linux PAM standard authentication' },
  { realm: 'pve', type: 'pve', comment: 'Proxmox VE authentication server' },
];

export function realmOf(userid: string): string {
  return userid.slice(userid.lastIndexOf('@') + 1);
}

export function realmType(userid: string): string | undefined {
  return REALMS.find(({ realm }) => realm === realmOf(userid))?.type;
}

/** @throws for a user of a realm that is not there */
export function requireRealm(userid: string): void {
  if (realmType(userid) === undefined) throw failure(`domain '${realmOf(userid)}' does not exist`);
}
