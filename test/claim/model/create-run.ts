// One Create of the model: the protocol of the provider as a sequence of single calls of PVE.
import { type CreateDecision, decideCreate, type OwnVm } from '#claim/decide';
import type { Claim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import type { Actor } from './clockwork.ts';
import { ask, isNoAnswer, lifeOf, lookAtWindow, type Process, read, waitForTask } from './look.ts';
import { type Config, INSTANCE, OWNER } from './host.ts';
import type { ModelPve } from './pve.ts';
import { destroy } from './take-away.ts';

/** What of the protocol is in force; a model that cannot fail proves nothing. */
export interface Rules {
  /** A run looks at the whole window again after its copy. */
  readonly secondLook: boolean;
  /** ms after the copy was sent before which the second look may not be. */
  readonly secondLookAfterMs: number;
  /** What somebody else has begun is finished only on a look that began when its copy was known to have ended. */
  readonly resumeLooksAgain: boolean;
  /** Losers are marked by compare-and-swap before they are deleted. */
  readonly swapsLosers: boolean;
  /** Ids that a destroy has just freed are left alone where there is another. */
  readonly avoidsRecent: boolean;
}

export interface Call {
  readonly digest: string;
  readonly uid: string | undefined;
  /** ms after which no write is sent any more; infinite for a run that has outlived its call. */
  readonly deadline: number;
  readonly incarnation: () => string;
  readonly rules: Rules;
}

export type Answer = { readonly kind: 'id' | 'exists'; readonly vmid: Vmid } | { readonly kind: 'aborted' };

/** How much a VM is changed between its copy and `ready`. */
const FACETS = 2;
const REST_MS = 300_000;
const ABORTED: Answer = { kind: 'aborted' };

interface Run {
  readonly process: Process;
  readonly pve: ModelPve;
  readonly call: Call;
  readonly leftBehind: Set<Vmid>;
  readonly doubted: Set<Vmid>;
  /** Incarnations whose copies had ended at an earlier look. */
  readonly ended: Set<string>;
  made: Made | undefined;
}

interface Made {
  readonly vmid: Vmid;
  readonly incarnation: string;
}

export function* createRun(process: Process, call: Call): Actor<Answer> {
  const run: Run = {
    process,
    pve: process.pve,
    call,
    leftBehind: new Set(),
    doubted: new Set(),
    ended: new Set(),
    made: undefined,
  };
  let pauseMs = 250;
  while (process.now() < call.deadline) {
    const window = yield* lookAtWindow(process, run.doubted);
    const decision = decideCreate(window, wishOf(run));
    process.witness.count(decision.kind);
    process.witness.trace(`a create decides ${describe(decision)}`);
    const answer = yield* follow(run, decision);
    if (answer === 'pause') {
      yield { sleep: pauseMs };
      pauseMs = Math.min(4000, pauseMs * 2);
    } else if (answer !== 'look') return answer;
  }
  return ABORTED;
}

function wishOf({ call, pve, made, leftBehind }: Run): Parameters<typeof decideCreate>[1] {
  return {
    instance: INSTANCE,
    owner: ownerOf(call),
    kind: 'vm',
    digest: call.digest,
    now: pve.seconds,
    mayReplace: made === undefined,
    leftBehind,
  };
}

function ownerOf({ uid }: Call): { name: string; uid?: string } {
  return { ...OWNER, ...(uid === undefined ? {} : { uid }) };
}

function describe(decision: CreateDecision): string {
  if (decision.kind === 'take-out') return `take-out ${decision.losers.map(({ vmid }) => vmid).join(' ')}`;
  return 'vmid' in decision ? `${decision.kind} ${decision.vmid}` : decision.kind;
}

type Next = Answer | 'look' | 'pause';

function* follow(run: Run, decision: CreateDecision): Actor<Next> {
  switch (decision.kind) {
    case 'take-out':
      for (const loser of decision.losers) yield* takeOut(run, loser);
      return 'pause';
    case 'take':
      return yield* take(run, decision.free);
    case 'resume':
      return yield* resume(run, decision);
    case 'done':
      return { kind: 'id', vmid: decision.vmid };
    case 'exists':
      return { kind: 'exists', vmid: decision.vmid };
    case 'wait':
      return 'pause';
    case 'other-request':
    case 'exhausted':
      return ABORTED;
  }
}

function* take(run: Run, free: readonly Vmid[]): Actor<Next> {
  const { pve, process, call } = run;
  // What this run has copied and no longer finds was taken away by somebody.
  if (run.made !== undefined) return ABORTED;
  const vmid = call.rules.avoidsRecent ? yield* restedSlot(process, free) : free[0];
  if (vmid === undefined) return ABORTED;
  const claim = claimFor(run, vmid);
  let sentAt = 0;
  const task = yield* ask(
    () => pve.clone(vmid, claim),
    () => {
      sentAt = process.now();
      return sentAt < call.deadline;
    },
  );
  if (isNoAnswer(task)) return 'pause';
  const state = task === undefined ? 'taken' : yield* waitForTask(pve, task);
  if (state === 'taken') run.doubted.add(vmid);
  if (state !== 'ok') return 'pause';
  run.made = { vmid, incarnation: claim.incarnation };
  const waitMs = sentAt + call.rules.secondLookAfterMs - process.now();
  if (waitMs > 0) yield { sleep: waitMs };
  return call.rules.secondLook ? 'look' : yield* finish(run, run.made);
}

/** The first of the free ids that nothing was destroyed at in the last minutes, else the one where it is longest ago. */
function* restedSlot({ pve, destroyed, now, witness }: Process, free: readonly Vmid[]): Actor<Vmid | undefined> {
  const told = yield* read(() => pve.destroys());
  const age = (vmid: Vmid): number => now() - Math.max(destroyed.get(vmid) ?? -1e9, told.get(vmid) ?? -1e9);
  const rested = free.find((vmid) => age(vmid) >= REST_MS);
  if (rested === undefined && free.length > 0) witness.count('an id was taken that was freed just now');
  return rested ?? free.toSorted((a, b) => age(b) - age(a))[0];
}

function claimFor({ call, pve }: Run, vmid: Vmid): Claim {
  const { digest, incarnation } = call;
  const record = { kind: 'vm', state: 'creating', instance: INSTANCE } as const;
  return { ...record, ...ownerOf(call), incarnation: incarnation(), digest, time: pve.seconds, vmid };
}

function maySend({ process, call }: Run): () => boolean {
  return () => process.now() < call.deadline;
}

function* resume(run: Run, { vmid, claim }: OwnVm): Actor<Next> {
  const { incarnation } = claim;
  const isMine = run.made?.incarnation === incarnation;
  if (!isMine) {
    if (yield* isInTheMaking(run, vmid, incarnation)) return 'pause';
    const isNews = !run.ended.has(incarnation);
    run.ended.add(incarnation);
    if (isNews && run.call.rules.resumeLooksAgain) return 'pause';
  }
  return yield* finish(run, { vmid, incarnation });
}

/** Before anything is written to a copy whose task this run does not know. */
function* isInTheMaking({ process, pve }: Run, vmid: Vmid, incarnation: string): Actor<boolean> {
  const config = yield* read(() => pve.read(vmid));
  if (config?.claim?.incarnation !== incarnation || config.lock !== undefined) return true;
  return (yield* lifeOf(process, vmid, config)) === 'worked-on';
}

/** Rounds of "what is there, what is missing", each write on the configuration it was planned on; `ready` is the last. */
function* finish(run: Run, { vmid, incarnation }: Made): Actor<Next> {
  const { pve, process, call } = run;
  for (let tries = 0; tries < 20 && process.now() < call.deadline; tries++) {
    const config = yield* read(() => pve.read(vmid));
    const claim = config?.claim;
    if (config === undefined || claim?.incarnation !== incarnation || claim.state === 'void') return 'pause';
    if (claim.state === 'ready') return { kind: 'id', vmid };
    if (config.lock === undefined) {
      const isComplete = config.facets === FACETS;
      const change = (old: Config): Config =>
        isComplete
          ? { ...old, claim: { ...claim, state: 'ready', time: pve.seconds } }
          : { ...old, facets: old.facets + 1 };
      const written = yield* ask(() => pve.put(vmid, config.digest, change), maySend(run));
      if (written === 'ok' && isComplete) return { kind: 'id', vmid };
      if (written === 'ok') continue;
    }
    yield { sleep: 500 };
  }
  return 'pause';
}

/** Marked by compare-and-swap, and only then deleted: who has moved on meanwhile is looked at again. */
function* takeOut(run: Run, { vmid, claim }: OwnVm): Actor<void> {
  const { pve, process, call } = run;
  const config = yield* read(() => pve.read(vmid));
  const found = config?.claim;
  if (config === undefined || config.lock !== undefined || found?.incarnation !== claim.incarnation) return;
  if (found.state === 'ready') return;
  if (found.state !== 'void' && call.rules.swapsLosers) {
    const change = (old: Config): Config => ({ ...old, claim: { ...found, state: 'void' } });
    const written = yield* ask(() => pve.put(vmid, config.digest, change), maySend(run));
    process.witness.count(written === 'ok' ? 'a loser was marked' : 'a loser could not be marked');
    if (written !== 'ok') return;
  }
  const outcome = yield* destroy(process, vmid, claim.incarnation, maySend(run));
  if (outcome === 'left') run.leftBehind.add(vmid);
}
