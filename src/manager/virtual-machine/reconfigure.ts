// A VM that is there becomes what class and manifest say by now. What is refused is a condition: the VM is looked after
// all the same.
import { Fault, type FaultKind } from '#domain/fault';
import { backOffMs, PASSING, STUCK } from '../work/back-off.ts';
import type { Visit } from '../work/controller.ts';
import { passes, whyOf } from '../work/fault-outcome.ts';
import { DONE, type Outcome, wait, type Why } from '../work/outcome.ts';
import { saysTheSame } from '../work/says-the-same.ts';
import { type Bound, withoutGaps } from './bound.ts';
import { changeWords } from './change-words.ts';
import { type NeededKind, dependenciesOf } from './dependencies.ts';
import { observeVm } from './describe.ts';
import { callOf, clientOf, providerOf } from './provider.ts';
import { inManifestWords } from './manifest-words.ts';
import { type Change, changeOf } from './request.ts';
import { revertedAt, snapshotsOf } from './reverts.ts';
import { statusOf, vmTitle } from './status.ts';
import { tellOfDocuments } from './unapplied.ts';
import { wishOf } from './wish.ts';

/** A policy says where a VM is made, and nothing of one that is there. */
const IN_USE: readonly NeededKind[] = ['VMClass', 'VMNetworkAttachment', 'Secret'];

/** Manifests that nobody can carry out. */
const WRONG: readonly FaultKind[] = ['invalid-spec', 'unsupported'];

/** The next call goes on from where one was cut off. */
const RECONFIGURE_MS = 60_000;

export async function reconfigureVm(visit: Visit): Promise<Outcome> {
  const missing = dependenciesOf(visit).missing.find(({ kind }) => IN_USE.includes(kind));
  if (missing !== undefined) return behind(visit, missing);
  try {
    const change = changeOf(visit);
    tellOfDocuments(visit, change.documents);
    return await converge(visit, change);
  } catch (error) {
    // The same again makes no difference: a change of what is wrong is seen.
    if (error instanceof Fault && WRONG.includes(error.kind)) return behind(visit, whyOf(error));
    throw error;
  }
}

async function converge(visit: Visit, change: Change): Promise<Outcome> {
  const status = statusOf(visit);
  if (change.digest === status.appliedDigest && !wasReverted(visit)) return upToDate(visit);
  const { reconfigureAttempt: attempt } = status;
  const { clock } = visit.world;
  const isRefused = attempt?.digest === change.digest;
  const restMs = isRefused ? (Date.parse(attempt.retryAfter) - clock.realNow()) * clock.factor : 0;
  if (restMs > 0) return { kind: 'done', againMs: restMs };
  if (!isRefused && status.phase !== 'Reconfiguring') {
    status.phase = 'Reconfiguring';
    return wait(0, 'Reconfiguring', `${vmTitle(visit)} is being changed.`);
  }
  return await apply(visit, change);
}

/** It has become what it was then, and was given nothing since. */
function wasReverted(visit: Visit): boolean {
  const given = Date.parse(statusOf(visit).lastReconfigureTime ?? '') || 0;
  return snapshotsOf(visit.object, visit.world.cache).some((snapshot) => given <= revertedAt(snapshot));
}

async function apply(visit: Visit, { json, digest, size }: Change): Promise<Outcome> {
  const status = statusOf(visit);
  const before = status.currentResources;
  try {
    const order = { id: status.id ?? '', desiredJson: json };
    const { task } = await clientOf(visit).reconfigure(order, { ...callOf(visit), deadlineMs: RECONFIGURE_MS });
    status.reconfigureTaskRef = task?.id;
  } catch (error) {
    if (!(error instanceof Fault) || error.kind === 'unavailable' || error.kind === 'cancelled') throw error;
    return refused(visit, digest, inManifestWords(error, visit));
  }
  status.appliedDigest = digest;
  status.reconfigureAttempt = undefined;
  status.lastReconfigureTime = new Date(visit.world.clock.realNow()).toISOString();
  status.currentResources = size ?? before;
  if (status.reconfigureTaskRef !== undefined) return wait(2, 'Reconfiguring', `${vmTitle(visit)} is being changed.`);
  await observeVm(visit);
  visit.tell(
    'Normal',
    'Reconfigured',
    `${vmTitle(visit)}: ${changeWords(before, status.currentResources, status.provider)}.`,
  );
  return upToDate(visit);
}

function upToDate(visit: Visit): Outcome {
  const status = statusOf(visit);
  status.reconfigureAttempt = undefined;
  rememberSaid(visit);
  const waits = visit.status.condition('RestartRequired')?.status === 'True' ? '; some of it waits for a restart' : '';
  const message = `${vmTitle(visit)} was given all that is asked for${waits}.`;
  visit.status.setCondition('UpToDate', 'True', 'Applied', message);
  return DONE;
}

/** So that it stays in force where a later manifest leaves it out. */
function rememberSaid(visit: Visit): void {
  const { disks, userData, metaData } = (visit.object['spec'] ?? {}) as Bound;
  // In the order of its NICs.
  const { networks } = wishOf(visit).manifest.spec as Bound;
  const { name, namespace } = providerOf(visit);
  const status = statusOf(visit);
  const said = withoutGaps({ networks, disks, userData, metaData });
  status.bound = { providerRef: { name, namespace }, ...status.bound, ...said };
}

/** Tried again, later each time, or when something else is asked for. */
function refused(visit: Visit, digest: string, fault: Fault): Outcome {
  const status = statusOf(visit);
  const { clock } = visit.world;
  const earlier = status.reconfigureAttempt;
  const failures = earlier?.digest === digest ? earlier.failures + 1 : 1;
  const restMs = backOffMs(failures, passes(fault) ? PASSING : STUCK);
  const retryAfter = new Date(clock.realNow() + restMs / clock.factor).toISOString();
  status.reconfigureAttempt = { digest, failures, retryAfter };
  const outcome = behind(visit, whyOf(fault));
  return { ...outcome, againMs: restMs };
}

function behind(visit: Visit, { reason, message }: Why): Outcome & { readonly kind: 'done' } {
  const before = visit.status.condition('UpToDate');
  visit.status.setCondition('UpToDate', 'False', reason, message);
  if (before?.status !== 'False' || !saysTheSame(before.message, message))
    visit.tell('Warning', 'FailedReconfigure', message);
  return { kind: 'done' };
}
