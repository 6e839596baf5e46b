// What pmxcfs says to a reader's or writer's guest config: quorum, digest, options as they are stored.
import { isQuorate } from '../nodes/membership.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { configDigest } from '../world/config-text.ts';
import type { Guest } from '../world/world.ts';

/** The check that guarded calls make first, on the node that works on them. @throws 500 */
export function checkQuorum(sim: Sim, node: string): void {
  if (!isQuorate(sim.world, node)) throw failure('cluster not ready - no quorum?');
}

/** What writing the file meets where nothing has asked for quorum before (recording two-node/08). */
export function checkWritable(sim: Sim, node: string, vmid: number): void {
  if (isQuorate(sim.world, node)) return;
  const pid = 1000 + sim.random.below(30_000);
  throw failure(`unable to open file '/etc/pve/nodes/${node}/qemu-server/${vmid}.conf.tmp.${pid}' - Permission denied`);
}

/** An empty digest checks nothing (pve-behaviour 28.2). */
export function checkDigest(guest: Guest, digest: string | undefined): void {
  if (digest === undefined || digest === '') return;
  if (configDigest(guest) !== digest) throw failure('checksum mismatch (file change by other user?)');
}

/** Trailing white space is lost when the file is read back (pve-behaviour 28.1). */
export function storedDescription(text: string): string | undefined {
  const trimmed = text.trimEnd();
  return trimmed === '' ? undefined : trimmed;
}
