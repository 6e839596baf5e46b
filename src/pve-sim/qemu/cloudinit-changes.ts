// What has changed since the cloud-init drive of a running guest was made: the `[special:cloudinit]` section of its config.
// It holds the values the drive was made with, and under `added` the options the drive knows nothing of. Making the drive
// anew empties it (pve-behaviour 28.2).
import { isNicKey } from '../world/net.ts';
import { splitList } from '../world/lists.ts';
import type { Guest } from '../world/world.ts';
import { isCloudInitKey } from './option-access.ts';

/** To be called before the config changes. @param value undefined where the option goes */
export function recordCloudInitChange(guest: Guest, key: string, value: string | undefined): void {
  if (!isCloudInitKey(key) && !isNicKey(key) && key !== 'name') return;
  const old = guest.config[key];
  if (old === undefined && value === undefined) return;
  const { added: list = '', ...recorded } = guest.cloudinit;
  const added = new Set(splitList(list));
  if (recorded[key] !== undefined) {
    if (recorded[key] === value) delete recorded[key];
  } else if (added.has(key)) {
    if (value === undefined) added.delete(key);
  } else if (old === undefined) added.add(key);
  else recorded[key] = old;
  guest.cloudinit = added.size === 0 ? recorded : { ...recorded, added: [...added].sort().join(',') };
}
