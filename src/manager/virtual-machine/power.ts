// Running or not, as it is asked for. Whatever changes while it is off takes effect at once, so it is stopped before a
// change and started after it.
import type { CallOptions } from '#rpc/client';
import { PowerOp } from '#rpc/contract';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { observeVm, placeOf } from './describe.ts';
import { callOf, clientOf } from './provider.ts';
import { restartHandled } from './restart-request.ts';
import { statusOf, vmTitle } from './status.ts';
import { wishOf } from './wish.ts';

const MARGIN_MS = 30_000;

export async function stopVm(visit: Visit): Promise<Outcome> {
  const { powerState } = wishOf(visit).vm;
  // Off is off, however it was reached.
  if (powerState === 'On' || statusOf(visit).powerState !== 'On') return DONE;
  const isGraceful = powerState === 'OffGraceful';
  const words = isGraceful ? 'Shut down' : 'Switched off';
  return await changePower(visit, isGraceful ? PowerOp.SHUTDOWN_GRACEFUL : PowerOp.OFF, ['Stopped', words]);
}

export async function startVm(visit: Visit): Promise<Outcome> {
  const { powerState } = wishOf(visit).vm;
  if (powerState !== 'On' || statusOf(visit).powerState === 'On') return DONE;
  const outcome = await changePower(visit, PowerOp.ON, ['Started', 'Started']);
  // Who has begun just now is not begun once more.
  restartHandled(visit, 'Started.');
  return outcome;
}

/** Tells of it, and looks at what came of it. */
export async function changePower(
  visit: Visit,
  op: PowerOp,
  [reason, words]: [string, string],
  options: CallOptions = {},
): Promise<Outcome> {
  const { shutdownTimeoutMs } = wishOf(visit).vm;
  const gracefulTimeoutSeconds = Math.ceil(shutdownTimeoutMs / 1000);
  const order = { id: statusOf(visit).id ?? '', op, gracefulTimeoutSeconds };
  const deadlineMs = Math.max(120_000, shutdownTimeoutMs + MARGIN_MS);
  const { task } = await clientOf(visit).power(order, { ...callOf(visit), ...options, deadlineMs });
  visit.tell('Normal', reason, `${words} ${vmTitle(visit)}${placeOf(visit)}.`);
  if (task !== undefined) {
    statusOf(visit).lastTaskRef = task.id;
    return wait(2, reason, `${vmTitle(visit)}: the provider is at work on it.`);
  }
  await observeVm(visit);
  return DONE;
}
