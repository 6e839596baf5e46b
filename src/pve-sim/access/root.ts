// The one user without limits: a login of root's. A token of root's is somebody else (pve-behaviour 4.3).

export const ROOT = 'root@pam';

/** @param authId a user id or a full token id */
export function isRoot(authId: string): boolean {
  return authId === ROOT;
}
