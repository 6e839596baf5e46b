import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { hiddenFault, observeOwned } from '../observe/owned.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { vmSubject } from '../subject.ts';
import { type Description, describeVm } from './describe.ts';

const WANTED = 'describe';

/** Describe without an id: the VM that the owner has. Throws `not-found` where it has none. */
export async function describeOwned(
  ctx: Context,
  runs: CreateRuns,
  owner: Owner,
  call: Deadline,
): Promise<Description | undefined> {
  const { vmids, hidden } = await observeOwned(ctx, owner, call);
  const [vmid] = vmids;
  if (vmid !== undefined) return await describeVm(ctx, runs, vmid, owner, call);
  if (hidden !== undefined) throw hiddenFault(owner, hidden, WANTED);
  throw new Fault('not-found', {
    subject: vmSubject({ name: owner.name }),
    wanted: WANTED,
    why: 'there is no such VM',
  });
}
