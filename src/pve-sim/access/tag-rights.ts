// Who may set which tags (pve-behaviour 5.3, 28.10; recording one-node/106): tags are compared as they are sent, with
// their case, and unchanged ones pass.
import { forbidden } from '../pve-error.ts';
import { tagPolicy } from '../world/datacenter.ts';
import { splitList } from '../world/lists.ts';
import type { World } from '../world/world.ts';
import { guestFilter, isAllowed } from './permissions.ts';

/** The tags that a caller is offered: listed ones, those of the guests it sees, and for Sys.Modify the registered ones. */
export function allowedTags(world: World, authId: string): string[] {
  const { userAllow, listed, registered } = tagPolicy(world);
  const isPrivileged = mayAnyTag(world, authId);
  const offered = new Set<string>();
  if (userAllow !== 'none' || isPrivileged) for (const tag of listed) offered.add(tag);
  if (userAllow === 'free' || userAllow === 'existing' || isPrivileged) {
    const maySee = guestFilter(world, authId, 'VM.Audit');
    for (const { vmid, config } of Object.values(world.guests)) {
      if (!maySee(vmid)) continue;
      for (const tag of splitList(config['tags'] ?? '')) offered.add(tag);
    }
  }
  for (const tag of registered) {
    if (isPrivileged) offered.add(tag);
    else offered.delete(tag);
  }
  return [...offered].sort();
}

function mayAnyTag(world: World, authId: string): boolean {
  return isAllowed(world, authId, '/', ['Sys.Modify']);
}

/** @throws 403 naming the first tag that may be neither added nor removed */
export function checkTagChange(world: World, authId: string, before: string, after: string): void {
  if (mayAnyTag(world, authId)) return;
  const { userAllow, registered } = tagPolicy(world);
  // Looking at every guest is for those alone who may not set what they like.
  const known = userAllow === 'free' ? undefined : new Set(allowedTags(world, authId));
  const [old, wanted] = [splitList(before), splitList(after)];
  const changed = [...wanted.filter((tag) => !old.includes(tag)), ...old.filter((tag) => !wanted.includes(tag))];
  const refused = changed.find((tag) => registered.includes(tag) || known?.has(tag) === false);
  if (refused !== undefined) throw forbidden(`/, Sys.Modify for modifying tag '${refused}'`);
}
