// Before anything is written to a copy whose task nobody remembers: PVE shows a new configuration unlocked before its
// task has ended, and takes it away again if a later step of the task fails (pve-behaviour 26).
import type { OwnVm } from '#claim/decide';
import { Fault } from '#domain/fault';
import type { NodeName } from '#pve/ids';
import type { VmConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { auditRemedy, observeLife } from '../observe/quiet.ts';
import type { CreateOrder } from '../create-order.ts';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';

/** Why the copy may still be in the making, as a Fault to wait with; undefined where its task has ended. */
export async function stillInTheMaking(
  ctx: Context,
  order: CreateOrder,
  own: OwnVm,
  vm: VmAt,
  { config, view }: { readonly config: VmConfig; readonly view: Snapshot },
  call: Deadline,
): Promise<Fault | undefined> {
  const doing = { subject: vmSubject({ name: order.spec.name, ...vm }), wanted: 'create' };
  if (own.locked) {
    return new Fault('busy', { ...doing, why: `it is locked (${config.lock ?? ''})`, remedy: 'The next try goes on' });
  }
  const life = await observeLife(ctx, vm, config.digest, own.claim, call, originNodes(order, vm, view));
  if (life === 'unknown') {
    const why = 'we may not see whether the task that made it has ended';
    throw new Fault('forbidden', { ...doing, why, remedy: auditRemedy(vm) });
  }
  // Between two tasks of a download's somebody may be at work on a template for whole seconds.
  const isLeft = order.image === undefined ? life !== 'worked-on' : life === 'dead';
  if (isLeft) return undefined;
  return new Fault('busy', {
    ...doing,
    why: order.image === undefined ? 'the task that made it may still be running' : 'somebody may still be making it',
    remedy: 'The next try goes on from here',
  });
}

/** Nodes besides the VM's own that may have cloned it: a clone is made where its original is, and moves when it is done. */
function originNodes({ spec: { image } }: CreateOrder, vm: VmAt, { guests, nodes }: Snapshot): NodeName[] {
  if (image.kind !== 'template') return [];
  const all = [...guests.values()];
  const named = all.filter(({ vmid, name }) => String(vmid) === image.ref || name === image.ref);
  // It may be a copy of any template of the image that could be read.
  const alike = all.filter(
    ({ template, name, node }) =>
      template && nodes.get(node)?.online === true && named.some((one) => one.template && one.name === name),
  );
  const originals = [...named, ...alike];
  return [...new Set(originals.map(({ node }) => node))].filter((node) => node !== vm.node);
}
