// `PUT .../snapshot/{snapname}/config` (pve-behaviour 14.3).
import { withConfigLock } from '../../locks/config-lock.ts';
import type { Process } from '../../process.ts';
import type { Sim } from '../../sim.ts';
import { checkNoLock, requireQemu } from '../../world/guests.ts';
import { checkWritable, storedDescription } from '../config-file.ts';
import { requireSnapshot } from './sections.ts';

export interface SnapshotChange {
  readonly node: string;
  readonly vmid: number;
  readonly name: string;
  readonly description: string | undefined;
}

export async function changeSnapshot(sim: Sim, process: Process, change: SnapshotChange): Promise<void> {
  const { node, vmid, name, description } = change;
  await withConfigLock(sim, process, { node, vmid }, async () => {
    const guest = await Promise.resolve(requireQemu(sim.world, node, vmid));
    checkNoLock(guest);
    const section = requireSnapshot(guest, name);
    checkWritable(sim, node, vmid);
    if (description === undefined) return;
    const { description: _, ...rest } = section;
    const stored = storedDescription(description);
    guest.snapshots[name] = stored === undefined ? rest : { ...rest, description: stored };
  });
}
