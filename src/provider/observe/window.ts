// The window of slots of one owner, read as a whole before every create.
import type { Slot } from '#claim/decide';
import { readClaim } from '#claim/record';
import { hasPrivilege, type Permissions } from '#pve/access/permissions';
import { isVmidFree } from '#pve/cluster/nextid';
import type { GuestEntry } from '#pve/cluster/resources';
import type { Pve } from '#pve/connection/pve';
import { PveError, pveWords } from '#pve/errors';
import type { Vmid } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import type { Deadline } from '#runtime/deadline';
import type { Snapshot } from '../view/cluster-view.ts';
import { maySee } from '../view/may-see.ts';

export interface WindowSources {
  readonly pve: Pve;
  readonly snapshot: Snapshot;
  readonly permissions: Permissions;
  /** Slots that are not to be believed free because the view shows nothing there. */
  readonly doubted: ReadonlySet<Vmid>;
  readonly call: Deadline;
}

export async function observeWindow(slots: readonly Vmid[], sources: WindowSources): Promise<Slot[]> {
  return await Promise.all(slots.map(async (vmid) => await observeSlot(vmid, sources)));
}

async function observeSlot(vmid: Vmid, sources: WindowSources): Promise<Slot> {
  const guest = sources.snapshot.guests.get(vmid);
  if (guest !== undefined) return await readGuest(guest, sources);
  const isTrusted = hasPrivilege(sources.permissions, `/vms/${vmid}`, 'VM.Audit') && !sources.doubted.has(vmid);
  if (isTrusted) return { kind: 'free', vmid };
  // The view hides what we may not audit; PVE's own answer about the id does not.
  if (await isVmidFree(sources.pve, vmid, sources.call)) return { kind: 'free', vmid };
  const sees = await maySee(sources.pve, vmid, sources.call);
  const reason = `VMID ${vmid} is in use, and ${sees ? 'PVE does not show by what' : 'we may not see by what (VM.Audit)'}`;
  return { kind: 'unreadable', vmid, reason, forbidden: !sees };
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

async function readGuest(guest: GuestEntry, sources: WindowSources): Promise<Slot> {
  const { vmid, node } = guest;
  if (guest.type === 'lxc') return { kind: 'guest', vmid, reading: { kind: 'none', text: '' } };
  try {
    const config = await readConfig(sources.pve, guest, sources.call);
    const reading = readClaim(config.values['description']);
    if (reading.kind === 'none' && config.lock !== undefined && !WHOLE_UNDER_LOCK.has(config.lock)) {
      return { kind: 'unreadable', vmid, reason: `VM ${vmid} on ${node} is locked (${config.lock})`, forbidden: false };
    }
    return { kind: 'guest', vmid, reading };
  } catch (error) {
    if (!(error instanceof PveError)) throw error;
    const reason = `VM ${vmid} on ${node} cannot be read: PVE says "${pveWords(error)}"`;
    return { kind: 'unreadable', vmid, reason, forbidden: error.status === 403 };
  }
}
