// The pool of a new VM. It is joined after the copy: a join that fails within PVE's task takes the whole copy with it,
// or leaves its disks behind (pve-behaviour 28.5). Only a token whose rights come from the pool needs it at once.
import { Fault, invalidSpec } from '#domain/fault';
import { hasPrivilege } from '#pve/access/permissions';
import { PveError } from '#pve/errors';
import type { Vmid } from '#pve/ids';
import { addToPool, listPools } from '#pve/pools';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { mayPass } from '../faults.ts';
import { USER_CONFIG } from './destroy.ts';
import { Unsettled } from '../observe/own-vm.ts';
import { vmSubject } from '../subject.ts';

const PERMISSIONS_MAX_AGE_MS = 60_000;

/** The pool the VM is to be in; undefined for none. */
function poolOf(ctx: Context, { spec }: CreateOrder): string | undefined {
  return spec.placement.pool ?? (ctx.settings.pool === '' ? undefined : ctx.settings.pool);
}

/**
 * Throws, before anything is made, where the pool cannot be joined.
 * @returns the pool where the copy itself has to be made in it, since nothing else gives us the right to make it.
 */
export async function checkPool(
  ctx: Context,
  order: CreateOrder,
  vmid: Vmid,
  call: Deadline,
): Promise<string | undefined> {
  const pool = poolOf(ctx, order);
  if (pool === undefined) return undefined;
  const permissions = await ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS);
  const aclPath = `/pool/${pool}`;
  if (!hasPrivilege(permissions, aclPath, 'Pool.Allocate')) {
    throw new Fault('forbidden', {
      subject: vmSubject({ name: order.spec.name }),
      wanted: `join pool ${pool}`,
      why: 'we lack Pool.Allocate on it',
      remedy: `Grant Pool.Allocate on ${aclPath} to the user and to the API token`,
    });
  }
  // A pool we may not see is found missing when it is joined.
  if (hasPrivilege(permissions, aclPath, 'Pool.Audit')) await requirePool(ctx, order, pool, call);
  return hasPrivilege(permissions, `/vms/${vmid}`, 'VM.Allocate') ? undefined : pool;
}

async function requirePool(ctx: Context, order: CreateOrder, pool: string, call: Deadline): Promise<void> {
  const pools = await listPools(ctx.pve, call);
  if (pools.includes(pool)) return;
  const field = order.spec.placement.pool === undefined ? 'PVE_POOL' : 'placement_json.Pool';
  const known = pools.length === 0 ? 'There are none' : `Pools: ${pools.toSorted().slice(0, 8).join(', ')}`;
  throw invalidSpec(field, `there is no pool "${pool}"`, `Create it, or name another. ${known}`);
}

/** One join of this process at a time, and among its deletes. */
const LANES = [{ key: 'pool', width: 1 }, USER_CONFIG];

/** Returns when PVE shows the VM in its pool: a pool that vanishes takes its members with it and nobody says so. */
export async function joinPool(ctx: Context, order: CreateOrder, vm: VmAt, call: Deadline): Promise<void> {
  const pool = poolOf(ctx, order);
  if (pool === undefined || (await isMember(ctx, vm, pool, call))) return;
  await ctx.lanes.through(LANES, call.signal, async () => {
    try {
      await addToPool(ctx.pve, ctx.version, pool, vm.vmid, call);
    } catch (error) {
      // An answer that was lost, or somebody was faster: what counts is where the VM is.
      if (!(error instanceof PveError) || mayPass(error) || !(await isMember(ctx, vm, pool, call))) throw error;
    }
  });
  if (await isMember(ctx, vm, pool, call)) return;
  const subject = vmSubject({ name: order.spec.name, ...vm });
  throw new Unsettled('busy', {
    subject,
    wanted: `join pool ${pool}`,
    why: 'PVE does not show it there yet',
    remedy: 'The next try looks again',
  });
}

async function isMember(ctx: Context, vm: VmAt, pool: string, call: Deadline): Promise<boolean> {
  const { guests } = await ctx.view.read(call, 0);
  return guests.get(vm.vmid)?.pool === pool;
}
