// A restart on request: each new value of the annotation restarts the VM once.
import { Fault } from '#domain/fault';
import { PowerOp } from '#rpc/contract';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { DONE, type Outcome } from '../work/outcome.ts';
import { changePower } from './power.ts';
import { statusOf, vmTitle } from './status.ts';

export const RESTART = 'virtrigaud.io/restart-requested-at';

/**
 * What is refused is not asked for again, unless it passes by itself: a guest that does not shut down is told of, and
 * whoever wants it asks anew.
 */
export async function restartVm(visit: Visit): Promise<Outcome> {
  const asked = visit.object.metadata.annotations?.[RESTART];
  const status = statusOf(visit);
  if (asked === undefined || asked === status.restart?.handled) return DONE;
  const handled = (message: string): void => void (status.restart = { handled: asked, message });
  if (status.powerState !== 'On') {
    handled(`${vmTitle(visit)} is off: there is nothing to restart.`);
    return DONE;
  }
  try {
    const outcome = await changePower(visit, PowerOp.REBOOT, ['Restarted', 'Restarted']);
    handled('Restarted.');
    return outcome;
  } catch (error) {
    if (!(error instanceof Fault) || passes(error)) throw error;
    handled(error.message);
    visit.tell('Warning', 'FailedRestart', error.message);
    return DONE;
  }
}
