// How user.cfg is changed: under its lock, with PVE's words for what could not be done.
import { withUserConfigLock } from '../locks/user-config-lock.ts';
import { failure, taskErrorText } from '../pve-error.ts';
import type { AccessState, Group, User } from '../world/world.ts';
import type { Call } from './endpoint.ts';

/** @throws `<what> failed: ...` */
export async function changeAccess(call: Call, what: string, work: (access: AccessState) => void): Promise<void> {
  try {
    await withUserConfigLock(call.sim, call.process, () => work(call.sim.world.access));
  } catch (error) {
    throw failure(`${what} failed: ${taskErrorText(error)}`);
  }
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
