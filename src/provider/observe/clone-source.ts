// What a Clone is made from: a VM or a template, named by its id, as it is now. Who asks has to be allowed to touch it.
import { readClaim } from '#claim/record';
import { snapshotName } from '#claim/snapshot-name';
import { withoutTodo } from '#claim/todo';
import { Fault } from '#domain/fault';
import type { VmSpec } from '#domain/vm-spec';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CloneOrder } from '../create-order.ts';
import { bootStorage } from '../plan/drives.ts';
import { bootStorageWish, isDefaultStorage } from '../plan/storages.ts';
import { refuseForeign } from '../refusals.ts';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { type ClaimedVm, observeVm, refuseBusy } from './claimed-vm.ts';
import { isCopiable, refuseUncopiable } from './copyable.ts';
import { defaultStorage } from './host.ts';
import { type Original, snapshotValues } from './original.ts';

const WANTED = 'clone';

/** Throws `busy` for what passes: a lock, or a source that is still being made. */
export async function observeCloneSource(
  ctx: Context,
  { source, asker }: CloneOrder,
  spec: VmSpec,
  view: Snapshot,
  call: Deadline,
): Promise<Original> {
  const vm = await observeVm(ctx, source, WANTED, call);
  if (vm === undefined) {
    throw new Fault('not-found', {
      subject: vmSubject({ vmid: source }),
      wanted: WANTED,
      why: 'there is no such VM',
      remedy: 'Name another one as source_vm_id',
    });
  }
  const { guest, config, ownership } = vm;
  const { values } = config;
  refuseForeign(ownership, { ...guest, name: values['name'] }, WANTED, asker);
  refuseVoid(vm);
  refuseBusy(vm, WANTED);
  refuseHibernated(vm);
  const snapshot = snapshotOf(spec);
  const full: Original = {
    guest,
    isTemplate: values['template'] === '1',
    text: withoutTodo(readClaim(values['description']).text),
    values:
      snapshot === undefined
        ? values
        : await snapshotValues(ctx, guest, { name: snapshot, field: SNAPSHOT_FIELD }, call),
    mode: 'full',
    snapshot,
  };
  if (isLinked(ctx, spec, full, view)) return { ...full, mode: 'linked' };
  if (snapshot === undefined) refuseLiveTpm(vm);
  refuseUncopiable(view, full, LINKED_FIELD);
  return full;
}

const SNAPSHOT_FIELD = 'customize_json.snapshot';
const LINKED_FIELD = 'linked';

/** PVE's name of the snapshot that is asked for: its id, or what it was called when it was asked of us. */
function snapshotOf({ image }: VmSpec): string | undefined {
  return image.kind === 'template' && image.snapshot !== undefined ? snapshotName(image.snapshot) : undefined;
}

/** Whether the copy can share the source's blocks, where that is asked for. Else it is made in full, and the VM says so. */
function isLinked(ctx: Context, spec: VmSpec, original: Original, view: Snapshot): boolean {
  if (spec.image.kind !== 'template' || spec.image.cloneMode !== 'linked') return false;
  // What changes has no blocks to share.
  if (!original.isTemplate && original.snapshot === undefined) return false;
  const wish = bootStorageWish(spec, defaultStorage(ctx));
  const staysThere = wish === undefined || isDefaultStorage(wish) || wish.storage === bootStorage(original.values);
  return staysThere && isCopiable(view, { ...original, mode: 'linked' });
}

function refuseVoid({ ownership, subject }: ClaimedVm): void {
  if (ownership.kind !== 'ours' || ownership.claim.state !== 'void') return;
  const why = 'it is being taken away';
  throw new Fault('precondition', { subject, wanted: WANTED, why, remedy: 'Name another one as source_vm_id' });
}

function refuseHibernated({ config, subject }: ClaimedVm): void {
  if (config.lock !== 'suspended') return;
  const why = 'it is hibernated, and PVE locks it meanwhile';
  throw new Fault('precondition', { subject, wanted: WANTED, why, remedy: 'Power it on or off first' });
}

/** PVE refuses it in the middle of the task (pve-behaviour 13.2); of a snapshot it can copy it. */
function refuseLiveTpm({ config, status, subject }: ClaimedVm): void {
  if (status.status === 'stopped' || config.values['tpmstate0'] === undefined) return;
  const why = 'it runs, and PVE cannot copy the state of its TPM meanwhile';
  const remedy = 'Power it off first, or name a snapshot of it';
  throw new Fault('precondition', { subject, wanted: WANTED, why, remedy });
}
