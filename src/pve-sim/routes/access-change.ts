// How user.cfg is changed: under its lock, with PVE's words for what could not be done.
import { changeUnderClusterLock } from '../locks/cluster-lock.ts';
import { USER_CONFIG_FILE } from '../locks/user-config-lock.ts';
import { failure } from '../pve-error.ts';
import type { AccessState, Group, User } from '../world/world.ts';
import type { Call } from './endpoint.ts';

/** @throws `<what> failed: ...` */
export async function changeAccess(
  { sim, process }: Call,
  what: string,
  work: (access: AccessState) => void,
): Promise<void> {
  await changeUnderClusterLock(sim, process, USER_CONFIG_FILE, what, () => work(sim.world.access));
}

export function requireUser(access: AccessState, id: string): User {
  const user = access.users[id];
  if (user === undefined) throw failure(`no such user ('${id}')`);
  return user;
}

export function requireGroup(access: AccessState, id: string): Group {
  const group = access.groups[id];
  if (group === undefined) throw failure(`group '${id}' does not exist`);
  return group;
}

/** Takes a user, a token or a group (`@name`) out of every ACL. */
export function dropFromAcl(access: AccessState, subject: string): void {
  access.acl = access.acl.filter((entry) => entry.subject !== subject);
}
