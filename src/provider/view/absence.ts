// Whether a VM is gone. Not seeing it proves nothing: the view is filtered, and a node that has lost the cluster still
// answers. Proof is that PVE calls the id free with quorum on both sides of the question, twice, 15 s apart.
import { Fault } from '#domain/fault';
import { hasPrivilege } from '#pve/access/permissions';
import { isVmidFree } from '#pve/cluster/nextid';
import { readClusterStatus } from '#pve/cluster/status';
import type { Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { vmSubject } from '../subject.ts';
import { maySee } from './may-see.ts';

const CONFIRM_AFTER_MS = 15_000;
/** A look that is older than this says nothing about now. */
const CONFIRM_WITHIN_MS = 120_000;
const PERMISSIONS_MAX_AGE_MS = 60_000;

/**
 * Returns only when VM `vmid` is proven absent. Throws a Fault otherwise: `busy` while it is being confirmed,
 * `forbidden` where the id is in use by something we may not see, or quorum cannot be known.
 */
export async function proveAbsent(ctx: Context, vmid: Vmid, wanted: string, call: Deadline): Promise<void> {
  const record = ctx.vms.of(vmid);
  const subject = vmSubject({ vmid });
  const moves = ctx.pve.moves();
  await requireQuorum(ctx, subject, wanted, call);
  if (!(await isVmidFree(ctx.pve, vmid, call))) {
    ctx.vms.seen(vmid);
    throw await hidden(ctx, vmid, wanted, call);
  }
  await requireQuorum(ctx, subject, wanted, call);
  // One endpoint has to have said all of it: another one's view may be that of a node without quorum.
  if (ctx.pve.moves() !== moves) throw confirming(subject, wanted);
  // The end of our own destroy is the second witness.
  if (record.isDestroyed) return;
  const now = ctx.clock.now();
  const isStale = record.freeSince === undefined || now - record.freeSince > CONFIRM_WITHIN_MS;
  const since = isStale ? now : (record.freeSince ?? now);
  record.freeSince = since;
  if (now - since >= CONFIRM_AFTER_MS) return;
  throw confirming(subject, wanted);
}

function confirming(subject: string, wanted: string): Fault {
  const remedy = 'The next tries confirm it within 15 s';
  return new Fault('busy', { subject, wanted, why: 'not found, confirming', remedy });
}

async function hidden(ctx: Context, vmid: Vmid, wanted: string, call: Deadline): Promise<Fault> {
  const doing = { subject: vmSubject({ vmid }), wanted };
  if (await maySee(ctx.pve, vmid, call)) {
    const why = 'the VMID is in use, and PVE does not show by what';
    return new Fault('busy', { ...doing, why, remedy: 'The next try looks again' });
  }
  const why = 'the VMID is in use, but we may not see by what';
  return new Fault('forbidden', { ...doing, why, remedy: 'Grant VM.Audit on /vms to the user and to the API token' });
}

/** Throws where we may not ask for quorum and for the tasks of the cluster: what is made could not be removed again. */
export async function requireAudit(ctx: Context, subject: string, wanted: string, call: Deadline): Promise<void> {
  const permissions = await ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS);
  if (hasPrivilege(permissions, '/', 'Sys.Audit')) return;
  throw new Fault('forbidden', {
    subject,
    wanted,
    why: 'without Sys.Audit on / we cannot know whether the cluster has quorum',
    remedy: 'Grant Sys.Audit on / to the user and to the API token',
  });
}

/** Throws unless the cluster is quorate now. To be asked before everything destructive (pve-behaviour 26). */
export async function requireQuorum(ctx: Context, subject: string, wanted: string, call: Deadline): Promise<void> {
  await requireAudit(ctx, subject, wanted, call);
  const status = await readClusterStatus(ctx.pve, call);
  if (status.quorate) return;
  throw new Fault('busy', {
    subject,
    wanted,
    why: 'the cluster has no quorum',
    remedy: 'Bring the cluster back to quorum',
  });
}
