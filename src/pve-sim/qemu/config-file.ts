// What pmxcfs says to a reader's or writer's guest config: quorum, digest, options as they are stored.
import { isQuorate } from '../nodes/membership.ts';
import { failure } from '../pve-error.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
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
export function checkDigest(sim: Sim, guest: Guest, digest: string | undefined): void {
  if (digest === undefined || digest === '' || configDigest(guest) === digest) return;
  const word = profileOfNode(sim.world, guest.node).has('mismatchSpelling') ? 'mismatch' : 'missmatch';
  throw failure(`checksum ${word} (file change by other user?)`);
}

/** The same for a move of a disk, which has a text of its own (pve-behaviour 28.2). @param whose put before it */
export function checkUnmodified(guest: Guest, digest: string | undefined, whose = ''): void {
  if (digest === undefined || digest === '' || configDigest(guest) === digest) return;
  throw failure(`${whose}detected modified configuration - file changed by other user? Try again.`);
}

/** Leaves no line among the pending changes, so that a description of nothing else is ignored (pve-behaviour 28.1). */
export function isLineEnds(text: string): boolean {
  return /^\n+$/.test(text);
}

/** Trailing white space is lost when the file is read back (pve-behaviour 28.1). */
export function storedDescription(text: string): string | undefined {
  const trimmed = text.trimEnd();
  return trimmed === '' ? undefined : trimmed;
}
