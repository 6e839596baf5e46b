// A way back on request: each new value of the annotation brings the VM back once. What the guest has written since is lost
// with it, so one that may have come about while nobody looked is not begun again.
import { Fault } from '#domain/fault';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { secondsSince } from '../work/seconds-since.ts';
import { statusOf, titleOf } from './status.ts';
import { reverted } from './task.ts';
import { callOf, clientOf, requireVm } from './vm.ts';

const REVERT = 'virtrigaud.io/revert-requested-at';
/** So long the same request is repeated where its answer was lost. */
const REPEATED_SECONDS = 600;
const REVERT_MS = 60_000;

export async function revertVm(visit: Visit): Promise<Outcome> {
  const asked = visit.object.metadata.annotations?.[REVERT];
  const status = statusOf(visit);
  const { handled, begun, begunAt } = status.revert ?? {};
  if (asked === undefined || asked === handled) return DONE;
  if (begun !== asked) {
    // Written down first: after a crash somebody else knows of it.
    status.revert = { ...status.revert, begun: asked, begunAt: new Date(visit.world.clock.realNow()).toISOString() };
    return wait(0, 'Reverting', `VM ${requireVm(visit).id} goes back to ${titleOf(visit)}.`);
  }
  const askedSecondsAgo = secondsSince(Date.parse(begunAt ?? ''), visit.world.clock);
  return askedSecondsAgo > REPEATED_SECONDS ? reverted(visit, INTERRUPTED) : await ask(visit, askedSecondsAgo);
}

const INTERRUPTED =
  'It was interrupted, and it is not known whether the VM went back: look at the VM, and ask again with another value where it did not.';

async function ask(visit: Visit, askedSecondsAgo: number): Promise<Outcome> {
  const vm = requireVm(visit);
  const request = { vmId: vm.id, snapshotId: statusOf(visit).snapshotID ?? '' };
  try {
    const options = { ...callOf(visit, vm), deadlineMs: REVERT_MS, askedSecondsAgo };
    const { task } = await clientOf(visit, vm).snapshotRevert(request, options);
    if (task === undefined) return reverted(visit, '');
    statusOf(visit).taskRef = task.id;
    return wait(2, 'Reverting', `VM ${vm.id} goes back to ${titleOf(visit)}.`);
  } catch (error) {
    if (!(error instanceof Fault) || passes(error)) throw error;
    return reverted(visit, error.message);
  }
}
