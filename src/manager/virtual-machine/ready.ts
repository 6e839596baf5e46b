// The last phase: all is as asked for, and it is said in a sentence.
import type { Visit } from '../work/controller.ts';
import { again, type Outcome } from '../work/outcome.ts';
import { placeOf } from './describe.ts';
import { statusOf, vmTitle } from './status.ts';

const STEADY_SECONDS = 20;
const AWAITING_IP_SECONDS = 3;
/** Some guests have no agent: then nobody is asked so often for long. */
const LONGEST_IP_WAIT_MS = 120_000;

export async function tellReady(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  const isOn = status.powerState === 'On';
  status.phase = isOn ? 'Running' : 'Stopped';
  const message = `${vmTitle(visit)} ${isOn ? runningWords(visit) : `is off${placeOf(visit)}, as asked for`}.`;
  visit.status.setCondition('Ready', 'True', status.phase, message);
  status.message = [message, ...complaints(visit)].join(' ');
  return await Promise.resolve(again(isAwaitingIp(visit) ? AWAITING_IP_SECONDS : STEADY_SECONDS));
}

function runningWords(visit: Visit): string {
  const { ips = [] } = statusOf(visit);
  const place = placeOf(visit);
  return ips.length === 0 ? `runs${place}; its guest tells no address yet` : `runs${place} at ${ips.join(', ')}`;
}

/** What is not as asked for, and yet no reason to call it not ready. */
function complaints({ status }: Visit): string[] {
  const upToDate = status.condition('UpToDate');
  const restart = status.condition('RestartRequired');
  return [
    ...(upToDate?.status === 'False' ? [upToDate.message] : []),
    ...(restart?.status === 'True' ? [restart.message] : []),
  ];
}

function isAwaitingIp(visit: Visit): boolean {
  const { powerState, ips = [] } = statusOf(visit);
  if (powerState !== 'On' || ips.length > 0) return false;
  const { clock } = visit.world;
  const since = Date.parse(visit.status.condition('Ready')?.lastTransitionTime ?? '');
  return (clock.realNow() - since) * clock.factor < LONGEST_IP_WAIT_MS;
}
