// Which making a request asks for on a node: something new, or a clone of what is there.
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { observeCloneSource } from '../observe/clone-source.ts';
import { observeOriginals, type Original } from '../observe/original.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { cloneMaking } from './clone-making.ts';
import type { Making, Place } from './making.ts';
import { newMaking } from './new-making.ts';

/** What may be cloned: several only where they are templates of one image. None where nothing is. */
export async function originalsOf(
  ctx: Context,
  order: CreateOrder,
  view: Snapshot,
  call: Deadline,
): Promise<readonly Original[]> {
  const { spec, clone } = order;
  if (clone !== undefined) return [await observeCloneSource(ctx, clone, spec, view, call)];
  return spec.image.kind === 'template' ? await observeOriginals(ctx, order, spec.image, view, call) : [];
}

/** Throws what keeps the VM from that place. */
export async function planMaking(
  ctx: Context,
  order: CreateOrder,
  originals: readonly Original[],
  place: Place,
  call: Deadline,
): Promise<Making> {
  const { image } = order.spec;
  if (image.kind !== 'template') return await newMaking(ctx, order, image, place, call);
  const there = originals.filter(({ guest }) => guest.node === place.node);
  let refusal: unknown;
  for (const original of there.length > 0 ? there : originals) {
    try {
      return await cloneMaking(ctx, order, original, place, call);
    } catch (error) {
      call.signal.throwIfAborted();
      // Of what is named itself, which comes first.
      refusal ??= error;
    }
  }
  throw refusal ?? new RangeError('a clone has no original');
}
