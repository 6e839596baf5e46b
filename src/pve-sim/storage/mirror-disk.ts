// A running guest's disk is copied by QEMU itself, as a block job (recordings one-node/45 and 51).
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';
import { requireStorage } from '../world/volumes.ts';
import type { Volume } from '../world/world.ts';
import { copy, rounded } from './disk-work.ts';

export interface Mirror {
  readonly node: string;
  /** The drive, such as `scsi0`. */
  readonly key: string;
  readonly from: Volume;
  readonly to: Volume;
  readonly bytes: number;
  /** Bytes per second that are not exceeded. */
  readonly limit?: number | undefined;
}

/** Until both are the same. What becomes of the job then is the caller's. */
export async function mirrorDisk(sim: Sim, process: Process, mirror: Mirror): Promise<void> {
  const { node, key, from, to, bytes, limit } = mirror;
  process.log(`drive mirror is starting for drive-${key}`);
  await copy(sim, process, node, requireStorage(sim.world, to.storage), bytes, { limit, images: { from, to } });
  process.log(`drive-${key}: transferred ${rounded(bytes)} of ${rounded(bytes)} (100.00%) in 1s, ready`);
  process.log("all 'mirror' jobs are ready");
}
