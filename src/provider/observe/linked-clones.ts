// Who is linked to a template. Nobody counts: a clone's volume names the base image it grows from, wherever PVE itself would
// refuse to delete that one. On LVM-thin the names tell nothing, and what PVE says of it is its own (ADR 21).
import { isBaseImage } from '#pve/rules/copying';
import type { Vmid } from '#pve/ids';
import type { VmAt } from '#pve/qemu/vm';
import { listVolumes } from '#pve/storage/volumes';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { volumesOf } from './copyable.ts';

/** VMIDs, in order, of the VMs whose disks grow from one of the template's. */
export async function linkedClones(
  ctx: Context,
  template: VmAt,
  values: Readonly<Record<string, string>>,
  call: Deadline,
): Promise<Vmid[]> {
  const bases = volumesOf(values).filter(({ volume }) => isBaseImage(volume));
  const storages = [...new Set(bases.map(({ storage }) => storage))];
  const lists = await Promise.all(
    storages.map(async (storage) => {
      return await listVolumes(ctx.pve, { node: template.node, storage }, call, { content: 'images' });
    }),
  );
  const clones = lists.flat().flatMap(({ volid, vmid }) => {
    const grows = bases.some(({ volume }) => volid.startsWith(`${volume}/`));
    return grows && vmid !== undefined && vmid !== template.vmid ? [vmid] : [];
  });
  return [...new Set(clones)].toSorted((a, b) => a - b);
}
