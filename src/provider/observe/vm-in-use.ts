// A VM in use as a plan takes it: with what is pending, and with its own size where the request names none.
import { isAdopted } from '#claim/adopted';
import { KEPT_SIZE, type VmSpec } from '#domain/vm-spec';
import { formatDrive, parseDrive } from '#pve/codec/drive';
import type { DesiredVm } from '#rpc/payload/desired';
import { type PendingChange, readPending } from '#pve/qemu/pending';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { Have, Values, Wish } from '../plan/wish.ts';
import type { ClaimedVm } from './claimed-vm.ts';

export interface VmInUse extends ClaimedVm {
  readonly pending: readonly PendingChange[];
  readonly have: Have;
}

/**
 * The list of what is pending is read after the configuration: where it is of a later state, that of the digest is gone,
 * and PVE refuses what is planned on it.
 */
export async function observePending(ctx: Context, vm: ClaimedVm, call: Deadline): Promise<VmInUse> {
  const { guest, config, ownership } = vm;
  const pending = await readPending(ctx.pve, guest, call);
  // The disks of a clone are its source's, whoever made that.
  const isMadeHere = ownership.kind === 'ours' && ownership.claim.kind === 'vm' && !isAdopted(ownership.claim);
  const { node, vmid } = guest;
  const values = afterStart(config.values, pending);
  const goes = pending.filter((change) => change.next === undefined).map(({ key }) => [key, config.values[key] ?? '']);
  const leaving = Object.fromEntries(goes) as Values;
  return { ...vm, pending, have: { node, vmid, values, leaving, inUse: isMadeHere ? 'made-here' : 'made-elsewhere' } };
}

function afterStart(values: Values, pending: readonly PendingChange[]): Values {
  const next = new Map(Object.entries(values));
  for (const { key, next: value } of pending) {
    if (value === undefined) next.delete(key);
    else next.set(key, withPresentSize(value, values[key]));
  }
  return Object.fromEntries(next);
}

/** A drive whose options are pending keeps there the size it had then, however much it has grown since. */
function withPresentSize(pending: string, present: string | undefined): string {
  const [drive, now] = [parseDrive(pending), parseDrive(present ?? '')];
  const isSame = drive !== undefined && now?.sizeBytes !== undefined && drive.file === now.file;
  return isSame ? formatDrive({ ...drive, sizeBytes: now.sizeBytes }) : pending;
}

/** The wish for a VM that is there; what nobody says is as it is. */
export function wishInUse({ size, name, ...desired }: DesiredVm, { values }: Have): Pick<Wish, 'spec' | 'keepsSize'> {
  const spec: VmSpec = {
    ...desired,
    name: name ?? values['name'] ?? '',
    size: size ?? KEPT_SIZE,
    image: { kind: 'blank', node: undefined, storage: undefined },
  };
  return { spec, keepsSize: size === undefined };
}
