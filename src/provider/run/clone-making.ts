// A VM as a clone of a template or of another VM, on its node or, where everything is shared, on another one.
import { Fault, invalidSpec } from '#domain/fault';
import { cloneVm } from '#pve/qemu/clone';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { chooseCloneStorage } from '../observe/disk-storage.ts';
import { volumesOf } from '../observe/copyable.ts';
import type { Original } from '../observe/original.ts';
import { copyFormat } from '../plan/disk-format.ts';
import { bootStorage } from '../plan/drives.ts';
import { vmSubject } from '../subject.ts';
import type { Making, Place } from './making.ts';

/** Throws what keeps the clone from that place. */
export async function cloneMaking(
  ctx: Context,
  order: CreateOrder,
  original: Original,
  place: Place,
  call: Deadline,
): Promise<Making> {
  const { guest, mode, snapshot, values, text } = original;
  const target = place.node;
  const isElsewhere = target !== guest.node;
  if (isElsewhere) refuseElsewhere(original, place);
  const storage = await chooseCloneStorage(ctx, order.spec, original, target, call);
  const onto = place.view.storages.find((each) => each.storage === (storage ?? bootStorage(values)));
  const format = mode === 'full' ? copyFormat(order.spec, onto?.type) : undefined;
  return {
    node: guest.node,
    target,
    from: `template:${guest.vmid}`,
    values,
    text,
    begin: async ({ vmid, ...vm }, time) =>
      await cloneVm(
        ctx.pve,
        guest,
        {
          ...vm,
          newid: vmid,
          full: mode === 'full',
          ...(storage === undefined ? {} : { storage }),
          ...(format === undefined ? {} : { format }),
          ...(snapshot === undefined ? {} : { snapname: snapshot }),
          ...(isElsewhere ? { target } : {}),
        },
        time,
      ),
  };
}

/**
 * PVE clones onto another node only where every volume of the source, media and cloud-init drives too, is on storages that
 * both nodes share (pve-behaviour 13.2). In a pool it cannot be made there at the same time.
 */
function refuseElsewhere({ guest, values }: Original, { view, node: target, asked, pool }: Place): void {
  if (pool !== undefined) {
    const why = `our rights come from pool ${pool} alone, and PVE cannot make a clone in a pool and on another node at once`;
    throw invalidSpec('placement_json.Pool', why, 'Grant VM.Allocate on /vms, or allow the node of the template');
  }
  const seen = view.storages.filter((each) => each.node === target || each.node === guest.node);
  const isThere = (storage: string): boolean =>
    seen.some((each) => each.storage === storage && each.node === target && each.shared && each.available);
  const stuck = volumesOf(values).find(({ storage }) => !isThere(storage));
  if (stuck === undefined) return;
  const { slot, storage, isMedium } = stuck;
  const isSeen = seen.some((each) => each.storage === storage);
  const unseen = isSeen ? '' : `, or we may not see it (Datastore.Audit on /storage/${storage})`;
  const byHand = isMedium
    ? 'take the medium out of its drive'
    : `migrate the copy in PVE afterwards, or use a template on ${target}`;
  // What the settings demand of every VM is no mistake of this request.
  throw new Fault(asked.startsWith('PVE_') ? 'precondition' : 'invalid-spec', {
    subject: asked,
    why: `${slot} of ${vmSubject(guest)} is on storage "${storage}", which ${guest.node} and ${target} do not share${unseen}`,
    remedy: `Allow ${guest.node}, use shared storage, or ${byHand}`,
  });
}
