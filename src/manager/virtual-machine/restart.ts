// A restart on request: each new value of the annotation restarts the VM once.
import { Fault } from '#domain/fault';
import { PowerOp } from '#rpc/contract';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { secondsSince } from '../work/seconds-since.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { changePower } from './power.ts';
import { restartAsked, restartBegun, restartHandled } from './restart-request.ts';
import { statusOf, vmTitle } from './status.ts';

/**
 * What is refused is not asked for again, unless it passes by itself: a guest that does not shut down is told of, and
 * whoever wants it asks anew.
 */
export async function restartVm(visit: Visit): Promise<Outcome> {
  if (restartAsked(visit) === undefined) return DONE;
  if (statusOf(visit).powerState !== 'On') {
    restartHandled(visit, `${vmTitle(visit)} is off: there is nothing to restart.`);
    return DONE;
  }
  const begunAt = restartBegun(visit);
  if (begunAt === undefined) return wait(0, 'Restarting', `${vmTitle(visit)} is being restarted.`);
  const askedSecondsAgo = secondsSince(begunAt, visit.world.clock);
  try {
    const outcome = await changePower(visit, PowerOp.REBOOT, ['Restarted', 'Restarted'], { askedSecondsAgo });
    restartHandled(visit, 'Restarted.');
    return outcome;
  } catch (error) {
    if (!(error instanceof Fault) || passes(error)) throw error;
    restartHandled(visit, error.message);
    visit.tell('Warning', 'FailedRestart', error.message);
    return DONE;
  }
}
