// One visit: the phases of a controller over one object, and one patch of its status.
import { Fault } from '#domain/fault';
import { isReason } from '#kube/api';
import type { KubeObject } from '#kube/object';
import { keyOf } from '#kube/object';
import type { Logger } from '#runtime/log';
import type { Controller, Phase, Visit, World } from './controller.ts';
import { passes, whyOf } from './fault-outcome.ts';
import type { IdleFields } from './idle-fields.ts';
import { type Outcome, type Why } from './outcome.ts';
import { saysTheSame } from './says-the-same.ts';
import { draftStatus } from './status-draft.ts';
import { guarded, MOST_TRIES, writeStatus } from './write-status.ts';

/** What to do with the object next. */
export type Next =
  /** All is as wished. */
  | { readonly kind: 'settled'; readonly againMs: number | undefined }
  | { readonly kind: 'later'; readonly afterMs: number }
  /** Again after the back-off for what passes, or for what somebody has to change. */
  | { readonly kind: 'failed'; readonly passes: boolean };

export interface VisitTools {
  readonly world: World;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly tell: (object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string) => void;
  readonly idleFields: IdleFields;
}

const PAUSED = 'virtrigaud.io/paused';

/** Rejects with what the API said to a write of ours. */
export async function visitObject(controller: Controller, object: KubeObject, tools: VisitTools): Promise<Next> {
  const visit = beginVisit(controller, object, tools);
  if (object.metadata.annotations?.[PAUSED] === 'true') return await pause(controller, visit);
  visit.status.removeCondition('Paused');
  return object.metadata.deletionTimestamp === undefined
    ? await converge(controller, visit, tools)
    : await letGo(controller, visit);
}

function beginVisit({ resource }: Controller, object: KubeObject, tools: VisitTools): OpenVisit {
  const { world, log, signal, tell } = tools;
  const visit: OpenVisit = {
    object,
    status: draftStatus(object, world.clock.realNow()),
    world,
    log,
    signal,
    tell: (type, reason, message) => tell(visit.object, type, reason, message),
    patch: async (patch) => {
      visit.object = await world.api.patch(resource, keyOf(visit.object), guarded(visit.object, patch));
    },
  };
  return visit;
}

type OpenVisit = { -readonly [Key in keyof Visit]: Visit[Key] };

/** What is said of an earlier generation stays said of that one. */
async function pause(controller: Controller, visit: Visit): Promise<Next> {
  visit.status.setCondition('Paused', 'True', 'Paused', `Nothing is done while the annotation ${PAUSED} is "true".`);
  await writeStatus(controller, visit);
  return { kind: 'settled', againMs: undefined };
}

async function converge(controller: Controller, visit: Visit, tools: VisitTools): Promise<Next> {
  const { finalizer, isHeld = () => true } = controller;
  const { finalizers = [] } = visit.object.metadata;
  if (finalizer !== undefined && !finalizers.includes(finalizer) && isHeld(visit.object)) {
    await visit.patch({ metadata: { finalizers: [...finalizers, finalizer] } });
  }
  const next = await runPhases(controller.phases, visit);
  tools.idleFields.tell(visit);
  observeGeneration(visit);
  await writeStatus(controller, visit);
  return next;
}

async function letGo(controller: Controller, visit: OpenVisit): Promise<Next> {
  const { finalizers = [] } = visit.object.metadata;
  const { finalizer, deletion = [] } = controller;
  if (finalizer === undefined || !finalizers.includes(finalizer)) return { kind: 'settled', againMs: undefined };
  const next = await runPhases(deletion, visit);
  if (next.kind === 'settled') {
    const others = await takeOff(finalizer, controller, visit);
    if (others.length === 0) return next;
    // Somebody else keeps the object, which must not tell of what is gone.
    notReady(
      visit,
      { reason: 'Deleted', message: `Nothing is left to do for us: ${others.join(', ')} keeps it.` },
      'Normal',
    );
  }
  observeGeneration(visit);
  await writeStatus(controller, visit);
  return next;
}

/** What was proven stays so, whatever others have written into the object meanwhile. @returns the finalizers of others */
async function takeOff(finalizer: string, { resource }: Controller, visit: OpenVisit): Promise<readonly string[]> {
  for (let tries = 1; ; tries += 1) {
    const others = visit.object.metadata.finalizers?.filter((one) => one !== finalizer) ?? [];
    try {
      await visit.patch({ metadata: { finalizers: others } });
      return others;
    } catch (error) {
      if (!isReason(error, 'Conflict') || tries === MOST_TRIES) throw error;
      const now = await visit.world.api.get(resource, keyOf(visit.object));
      if (now?.metadata.uid !== visit.object.metadata.uid) return [];
      visit.object = now;
    }
  }
}

function observeGeneration({ object, status }: Visit): void {
  const { generation } = object.metadata;
  if (generation !== undefined) status.fields['observedGeneration'] = generation;
}

/** Until one is not done; of those that are the soonest says when the next visit is. */
async function runPhases(phases: readonly Phase[], visit: Visit): Promise<Next> {
  let againMs: number | undefined;
  for (const phase of phases) {
    const outcome = await outcomeOf(phase, visit);
    if ('passes' in outcome) return { kind: 'failed', passes: outcome.passes };
    if (outcome.kind === 'done') againMs = soonest(againMs, outcome.againMs);
    else return notDone(outcome, visit);
  }
  return { kind: 'settled', againMs };
}

function soonest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

async function outcomeOf(phase: Phase, visit: Visit): Promise<Outcome | { readonly passes: boolean }> {
  try {
    return await phase(visit);
  } catch (error) {
    // What was called off says nothing of the object.
    if (!(error instanceof Fault) || visit.signal.aborted) throw error;
    notReady(visit, whyOf(error), 'Warning');
    return { passes: passes(error) };
  }
}

function notDone(outcome: Exclude<Outcome, { kind: 'done' }>, visit: Visit): Next {
  notReady(visit, outcome.why, outcome.kind === 'wait' ? 'Normal' : 'Warning');
  return outcome.kind === 'wait' ? { kind: 'later', afterMs: outcome.afterMs } : { kind: 'failed', passes: false };
}

function notReady(visit: Visit, { reason, message }: Why, type: 'Normal' | 'Warning'): void {
  const before = visit.status.condition('Ready');
  visit.status.setCondition('Ready', 'False', reason, message);
  visit.status.fields['message'] = message;
  if (before?.reason !== reason || !saysTheSame(before.message, message)) visit.tell(type, reason, message);
}
