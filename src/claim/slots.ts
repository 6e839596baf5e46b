import { createHash } from 'node:crypto';
import type { Vmid } from '#pve/ids';
import type { ClaimKind } from './record.ts';

const SLOT_COUNT = 16;

export interface VmidRange {
  readonly low: number;
  readonly high: number;
}

/**
 * The VMIDs at which one owner's VM is looked for and made, in this order: a repeated or a second concurrent create
 * meets itself at the same id. Frozen: a change would make running creates invisible to their repetitions.
 * @returns 16 different ids, fewer only where the range itself is smaller.
 */
export function slotsFor(seed: { instance: string; kind: ClaimKind; owner: string }, range: VmidRange): Vmid[] {
  const size = range.high - range.low + 1;
  const wanted = Math.min(SLOT_COUNT, size);
  const slots = new Set<number>();
  for (let k = 0; slots.size < wanted; k++) {
    const hash = createHash('sha256')
      .update(['vrtg-slot-1', seed.instance, seed.kind, seed.owner, k].join('\0'))
      .digest();
    slots.add(range.low + Number(hash.readBigUInt64BE(0) % BigInt(size)));
  }
  return [...slots] as Vmid[];
}
