// ISOs of clones that came to nothing. Each is uploaded before its copy is begun, by a process that may end in between: then
// no VM knows of it, and whoever clones for the same owner makes another.
import { cloneFamily } from '#claim/incarnation';
import { parseIsoVolume } from '#cloudinit/file-name';
import { asVmid, type NodeName } from '#pve/ids';
import { listVolumes } from '#pve/storage/volumes';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { deleteIso, orWarn } from './seed-isos.ts';

/**
 * Deletes what was uploaded for clones of this owner and belongs to no VM. To be called where a copy that is still on its
 * way is not wanted any more: the owner has a finished one, or is to have none.
 * @param ownerKey as the slots of a VM are drawn from it
 * @param nodes where to look; what they share is looked at once
 */
export async function deleteLostSeeds(
  ctx: Context,
  ownerKey: string,
  nodes: readonly NodeName[],
  call: Deadline,
): Promise<void> {
  const family = cloneFamily(ownerKey);
  const seen = new Set<string>();
  for (const node of nodes) {
    for (const { storage, active, content, shared } of await ctx.nodes.storages(node, call)) {
      const isNew = !seen.has(storage);
      if (shared) seen.add(storage);
      if (isNew && active && content.includes('iso')) await deleteFrom(ctx, family, { node, storage }, call);
    }
  }
}

async function deleteFrom(
  ctx: Context,
  family: string,
  at: { readonly node: NodeName; readonly storage: string },
  call: Deadline,
): Promise<void> {
  await orWarn(ctx, call, { storage: at.storage }, async () => {
    const volumes = await listVolumes(ctx.pve, at, call, { content: 'iso' });
    const own = volumes.flatMap(({ volid }) => {
      const iso = parseIsoVolume(volid);
      return iso?.incarnation.startsWith(family) === true ? [{ volid, vmid: iso.vmid }] : [];
    });
    if (own.length === 0) return;
    const { guests } = await ctx.view.read(call, 0);
    for (const { volid, vmid } of own) {
      const id = asVmid(vmid);
      // A VM that is there takes its own with it.
      if (id !== undefined && !guests.has(id)) await deleteIso(ctx, { node: at.node, vmid: id }, volid, call);
    }
  });
}
