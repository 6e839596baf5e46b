// The window of slots of one owner, read as a whole before every copy and after it.
import type { Slot } from '#claim/decide';
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { hasPrivilege, type Permissions } from '#pve/access/permissions';
import { isVmidFree } from '#pve/cluster/nextid';
import type { GuestEntry } from '#pve/cluster/resources';
import { PveError, pveWords } from '#pve/errors';
import type { Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { maySee } from '../view/may-see.ts';
import { auditRemedy, observeLife } from './quiet.ts';

export interface WindowSources {
  readonly snapshot: Snapshot;
  /** Read after the snapshot was taken: what we were not allowed to see then is not believed to be free. */
  readonly permissions: Permissions;
  /** Read with them. An entry that takes all rights away does not show among the permissions. */
  readonly aclPaths: ReadonlySet<string>;
  /** Slots that are not to be believed free because the view shows nothing there. */
  readonly doubted: ReadonlySet<Vmid>;
  readonly call: Deadline;
}

/** A slot, and the configuration that was read to judge it. */
export type SeenSlot = Slot & { readonly config?: VmConfig };

export async function observeWindow(
  ctx: Context,
  slots: readonly Vmid[],
  sources: WindowSources,
): Promise<readonly SeenSlot[]> {
  return await Promise.all(slots.map(async (vmid) => await observeSlot(ctx, vmid, sources)));
}

async function observeSlot(ctx: Context, vmid: Vmid, sources: WindowSources): Promise<SeenSlot> {
  const guest = sources.snapshot.guests.get(vmid);
  if (guest !== undefined) return await readGuest(ctx, guest, sources.call);
  if (maySeeAny(vmid, sources) && !sources.doubted.has(vmid)) return { kind: 'free', vmid };
  // The view hides what we may not audit; PVE's own answer about the id does not.
  if (await isVmidFree(ctx.pve, vmid, sources.call)) return { kind: 'free', vmid };
  const sees = await maySee(ctx.pve, vmid, sources.call);
  const reason = `VMID ${vmid} is in use, and ${sees ? 'PVE does not show by what' : 'we may not see by what (VM.Audit)'}`;
  return { kind: 'unreadable', vmid, reason, cause: sees ? 'silent' : 'forbidden' };
}

/** Whether the view would show whatever has this id. */
function maySeeAny(vmid: Vmid, { permissions, aclPaths }: WindowSources): boolean {
  const path = `/vms/${vmid}`;
  const seesAcl = hasPrivilege(permissions, '/access', 'Sys.Audit');
  return hasPrivilege(permissions, path, 'VM.Audit') && seesAcl && !aclPaths.has(path);
}

/**
 * Locks under which a configuration is complete. Under the others (create, clone, import, destroyed) no field proves
 * an owner, unless it is a claim (pve-behaviour 26).
 */
const WHOLE_UNDER_LOCK: ReadonlySet<string> = new Set([
  'backup',
  'migrate',
  'rollback',
  'snapshot',
  'snapshot-delete',
  'suspending',
  'suspended',
]);

/** Whether a configuration under this lock may become another one, or nothing, before the lock goes. */
export function isInTheMaking({ lock }: VmConfig): boolean {
  return lock !== undefined && !WHOLE_UNDER_LOCK.has(lock);
}

async function readGuest(ctx: Context, guest: GuestEntry, call: Deadline): Promise<SeenSlot> {
  const { vmid, node } = guest;
  if (guest.type === 'lxc') return { kind: 'guest', vmid, reading: { kind: 'none', text: '' }, locked: false };
  try {
    const config = await readConfig(ctx.pve, guest, call);
    return isInTheMaking(config) ? await readStub(ctx, guest, config, call) : wholeGuest(vmid, config);
  } catch (error) {
    if (!(error instanceof PveError)) throw error;
    const reason = `VM ${vmid} on ${node} cannot be read: PVE says "${pveWords(error)}"`;
    return { kind: 'unreadable', vmid, reason, cause: error.status === 403 ? 'forbidden' : 'silent' };
  }
}

function wholeGuest(vmid: Vmid, config: VmConfig): SeenSlot {
  return { kind: 'guest', vmid, reading: readClaim(config.values['description']), locked: false, config };
}

/** What PVE is making, or what a worker that died has left of it. Somebody else's claim can be believed here too. */
async function readStub(ctx: Context, guest: GuestEntry, config: VmConfig, call: Deadline): Promise<SeenSlot> {
  const { vmid } = guest;
  const reading = readClaim(config.values['description']);
  const ownership = judgeOwnership(reading, ctx.instance, vmid);
  const isNobodys = reading.kind === 'none';
  if (ownership.kind !== 'ours' && !isNobodys) return { kind: 'guest', vmid, reading, locked: true };
  const claim = ownership.kind === 'ours' ? ownership.claim : undefined;
  const life = await observeLife(ctx, guest, config.digest, claim, call);
  if (life === 'dead') return { kind: 'remnant', vmid };
  if (claim !== undefined) return { kind: 'guest', vmid, reading, locked: true, config };
  const reason = `VM ${vmid} on ${guest.node} is locked (${config.lock ?? ''})`;
  const doubt = life === 'unknown' ? `, and we may not see whether it is still being made: ${auditRemedy(guest)}` : '';
  return { kind: 'unreadable', vmid, reason: `${reason}${doubt}`, cause: 'making' };
}
