// What there is, as the provider tells it.
import { Fault } from '#domain/fault';
import type { DescribeResponse } from '#rpc/contract';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { elsewhere, isAtItsPlace, placeNow } from './place.ts';
import { callOf, clientOf, providerOf } from './provider.ts';
import { pendingWords } from './pending-words.ts';
import { type Raw, rawOf, snapshotsOf } from './raw.ts';
import { statusOf, vmTitle } from './status.ts';
import { isClone } from './owner.ts';
import { wishOf } from './wish.ts';

/** A VM that is gone, which the provider tells only where it is proven, is made again. */
export async function describeVm(visit: Visit): Promise<Outcome> {
  const place = placeNow(visit, providerOf(visit));
  const isThere = await observeVm(visit);
  if (!isThere) return isAtItsPlace(visit, place) ? gone(visit) : elsewhere(visit, place);
  statusOf(visit).providerEndpoint = place ?? statusOf(visit).providerEndpoint;
  if (statusOf(visit).phase === 'Provisioning') tellCreated(visit);
  return DONE;
}

/** Once, whatever keeps it from being ready after that. */
function tellCreated(visit: Visit): void {
  visit.tell('Normal', 'Created', creationWords(visit));
  statusOf(visit).phase = statusOf(visit).powerState === 'On' ? 'Running' : 'Stopped';
}

/** Writes into the status what there is. False: nothing. */
export async function observeVm(visit: Visit): Promise<boolean> {
  const status = statusOf(visit);
  const answer = await ask(visit);
  if (!answer.exists) return false;
  const raw = rawOf(answer);
  status.powerState = powerStateOf(answer);
  status.ips = [...answer.ips];
  status.consoleURL = answer.consoleUrl === '' ? undefined : answer.consoleUrl;
  status.provider = lasting(raw);
  status.snapshots = snapshotsOf(raw);
  tellOfRestart(visit, raw);
  return true;
}

/** What is known of it may be of long ago where nothing is heard of it: it is said to be that. */
async function ask(visit: Visit): Promise<DescribeResponse> {
  const { id = '', powerState } = statusOf(visit);
  try {
    return await clientOf(visit).describe({ id }, callOf(visit));
  } catch (error) {
    if (!(error instanceof Fault) || !passes(error) || powerState === undefined) throw error;
    const why = error.message.replace(/^VM \S+( \([^)]*\))?: describe: /, '');
    const seen = powerState === 'On' ? 'running' : 'stopped';
    const subject = `${vmTitle(visit)}, last seen ${seen}${placeOf(visit)}`;
    throw new Fault(error.kind, { subject, why }, { cause: error });
  }
}

function powerStateOf({ powerState }: DescribeResponse): 'On' | 'Off' {
  return powerState === 'On' ? 'On' : 'Off';
}

/** What is different at every look says nothing that is worth a write; snapshots have a field of their own. */
const PASSING = ['observed_at', 'details_observed_at', 'source', 'qmpstatus', 'snapshots'];

function lasting(raw: Raw): Record<string, string> {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !PASSING.includes(key)));
}

function tellOfRestart(visit: Visit, raw: Raw): void {
  if (raw['restart_required'] !== 'true') return visit.status.removeCondition('RestartRequired');
  const what = pendingWords(raw['pending'] ?? '');
  const { name } = visit.object.metadata;
  const remedy = `\`kubectl vm reboot ${name}\` does that, as does a new value of the annotation virtrigaud.io/restart-requested-at`;
  visit.status.setCondition(
    'RestartRequired',
    'True',
    'ChangesPending',
    `${vmTitle(visit)} has to be restarted for ${what} to be as asked for. ${remedy}.`,
  );
}

function gone(visit: Visit): Outcome {
  const status = statusOf(visit);
  const title = vmTitle(visit);
  const isNew = status.phase === 'Provisioning';
  if (!isNew) status.madeBefore = true;
  for (const field of ['id', 'appliedDigest', 'powerState', 'ips', 'consoleURL', 'provider', 'snapshots'] as const) {
    status[field] = undefined;
  }
  visit.status.removeCondition('RestartRequired');
  if (isClone(visit)) return wait(0, 'Gone', `${title} is no longer there.`);
  return isNew
    ? wait(1, 'CreateInterrupted', `${title} was not finished, and is made again.`)
    : wait(0, 'Gone', `${title} is no longer there, and is made again.`);
}

function creationWords(visit: Visit): string {
  if (isClone(visit)) return `Took over ${vmTitle(visit)}${placeOf(visit)}, which was cloned for it.`;
  const { image } = wishOf(visit).vm;
  const source =
    image === undefined ? '' : ` from ${'vmImage' in image ? `VMImage ${image.vmImage.name}` : image.volume}`;
  return `Created ${vmTitle(visit)}${placeOf(visit)}${source}.`;
}

/** ` on pve2`. */
export function placeOf(visit: Visit): string {
  const node = statusOf(visit).provider?.['node'];
  return node === undefined ? '' : ` on ${node}`;
}
