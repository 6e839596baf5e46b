import type { Deadline } from '#runtime/deadline';
import { asRow, numberOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';

/** Path of the ACL tree to privilege to whether it reaches what is below (pve-behaviour 5.1). */
export type Permissions = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

/**
 * Our own privileges; nobody needs a privilege to ask. With `aclPath` those on that path alone, which is exact also
 * where an entry takes everything away (NoAccess): such an entry does not show in the whole list.
 */
export async function readPermissions(pve: Pve, call: Deadline, aclPath?: string): Promise<Permissions> {
  const tree = asRow(await pve.get('/access/permissions', call, { path: aclPath }), 'permissions');
  return new Map(
    Object.entries(tree).map(([path, value]) => {
      const row = asRow(value, 'privileges');
      return [path, new Map(Object.keys(row).map((privilege) => [privilege, numberOf(row, privilege) === 1]))];
    }),
  );
}

/**
 * Whether we hold a privilege on a path. An entry of the path itself decides; otherwise the nearest one above that
 * reaches down. It replaces what is further up: an entry without the privilege hides it.
 */
export function hasPrivilege(permissions: Permissions, aclPath: string, privilege: string): boolean {
  const own = permissions.get(aclPath);
  if (own !== undefined) return own.has(privilege);
  for (let above = parentOf(aclPath); above !== undefined; above = parentOf(above)) {
    const entry = permissions.get(above);
    if (entry !== undefined && [...entry.values()].includes(true)) return entry.get(privilege) === true;
  }
  return false;
}

function parentOf(aclPath: string): string | undefined {
  if (aclPath === '/') return undefined;
  const cut = aclPath.lastIndexOf('/');
  return cut <= 0 ? '/' : aclPath.slice(0, cut);
}
