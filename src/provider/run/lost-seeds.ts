// ISOs of clones that came to nothing. Each is uploaded before its copy is begun, by a process that may end in between: then
// no VM knows of it, and whoever clones for the same owner makes another.
import { cloneFamily } from '#claim/incarnation';
import { type IsoVolume, parseIsoVolume } from '#cloudinit/file-name';
import { asVmid, type NodeName, type Vmid } from '#pve/ids';
import { listVolumes, type StorageAt } from '#pve/storage/volumes';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { deleteIso, orWarn } from './seed-isos.ts';

/** Whose ISOs are looked for, and where. */
export interface SeedSearch {
  /** As the slots of a VM are drawn from it. */
  readonly ownerKey: string;
  /** What they share is looked at once. */
  readonly nodes: readonly NodeName[];
  /** The owner's finished VM; absent: it has none. */
  readonly finished?: { readonly vmid: Vmid; readonly incarnation: string };
}

/**
 * Deletes what was uploaded for clones of this owner and belongs to no VM. To be called where a copy that is still on its
 * way is not wanted any more: the owner has a finished one, or is to have none.
 */
export async function deleteLostSeeds(ctx: Context, search: SeedSearch, call: Deadline): Promise<void> {
  const seen = new Set<string>();
  for (const node of search.nodes) {
    for (const { storage, active, content, shared } of await ctx.nodes.storages(node, call)) {
      const isNew = !seen.has(storage);
      if (shared) seen.add(storage);
      if (isNew && active && content.includes('iso')) await deleteFrom(ctx, search, { node, storage }, call);
    }
  }
}

async function deleteFrom(ctx: Context, search: SeedSearch, at: StorageAt, call: Deadline): Promise<void> {
  await orWarn(ctx, call, { storage: at.storage }, async () => {
    const volumes = await listVolumes(ctx.pve, at, call, { content: 'iso' });
    const lost = volumes.filter(({ volid }) => isOfOthers(search, parseIsoVolume(volid)));
    if (lost.length === 0) return;
    const { guests } = await ctx.view.read(call, 0);
    for (const { volid } of lost) {
      const vmid = asVmid(parseIsoVolume(volid)?.vmid);
      // Another VM that is there takes its own with it.
      const isFree = vmid === search.finished?.vmid || (vmid !== undefined && !guests.has(vmid));
      if (vmid !== undefined && isFree) await deleteIso(ctx, { node: at.node, vmid }, volid, call);
    }
  });
}

/** Of the owner, and not the finished VM's. */
function isOfOthers({ ownerKey, finished }: SeedSearch, iso: IsoVolume | undefined): boolean {
  return iso?.incarnation.startsWith(cloneFamily(ownerKey)) === true && iso.incarnation !== finished?.incarnation;
}
