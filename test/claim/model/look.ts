// How a run of the model sees the window: the list first, then every configuration at a later moment of its own.
import type { Slot } from '#claim/decide';
import { judgeOwnership } from '#claim/ownership';
import { isDead, lookAgain, type Quiet } from '#claim/quiet';
import type { Claim, ClaimReading } from '#claim/record';
import type { Vmid } from '#pve/ids';
import type { Chance } from './chance.ts';
import { type Actor, LOST, type NoAnswer, TOO_LATE } from './clockwork.ts';
import { INSTANCE, type TaskState, type Witness } from './host.ts';
import type { ModelPve, ReadConfig } from './pve.ts';

/** What one process of the provider has, and loses when it is killed. */
export interface Process {
  readonly pve: ModelPve;
  readonly chance: Chance;
  readonly now: () => number;
  readonly quiet: Map<Vmid, Quiet>;
  /** When it last sent a destroy for an id. */
  readonly destroyed: Map<Vmid, number>;
  readonly witness: Witness;
}

/** Nothing came, or the call was over before the question was sent. */
export function isNoAnswer(answer: unknown): answer is NoAnswer {
  return answer === LOST || answer === TOO_LATE;
}

export function* ask<T>(question: () => T, maySend?: () => boolean): Actor<T | NoAnswer> {
  return (yield { ask: question, maySend }) as T | NoAnswer;
}

/** Asks until there is an answer. For reads, which harm nobody. */
export function* read<T>(question: () => T): Actor<T> {
  for (;;) {
    const answer = yield* ask(question);
    if (!isNoAnswer(answer)) return answer;
    yield { sleep: 250 };
  }
}

export function* waitForTask(pve: ModelPve, task: number): Actor<Exclude<TaskState, 'active'>> {
  for (let pauseMs = 100; ; pauseMs = Math.min(2000, pauseMs * 1.5)) {
    const state = yield* read(() => pve.taskState(task));
    if (state !== 'active') return state;
    yield { sleep: pauseMs };
  }
}

export function* lookAtWindow(process: Process, doubted: ReadonlySet<Vmid>): Actor<Slot[]> {
  const { pve, chance } = process;
  const shown = yield* read(() => pve.view());
  const slots = new Map<Vmid, Slot>();
  for (const vmid of shuffled(pve.slots, chance)) {
    slots.set(vmid, yield* lookAtSlot(process, vmid, shown.has(vmid), doubted));
  }
  return pve.slots.flatMap((vmid) => slots.get(vmid) ?? []);
}

function* lookAtSlot(process: Process, vmid: Vmid, isShown: boolean, doubted: ReadonlySet<Vmid>): Actor<Slot> {
  const { pve } = process;
  if (!isShown) {
    if (!doubted.has(vmid) || (yield* read(() => pve.isFree(vmid)))) return { kind: 'free', vmid };
    return { kind: 'unreadable', vmid, reason: 'in use', cause: 'silent' };
  }
  const config = yield* ask(() => pve.read(vmid));
  if (config === undefined || isNoAnswer(config)) return { kind: 'unreadable', vmid, reason: 'gone', cause: 'silent' };
  const reading = readingOf(config);
  if (config.lock === undefined) return { kind: 'guest', vmid, reading, locked: false };
  const isOurs = judgeOwnership(reading, INSTANCE, vmid).kind === 'ours';
  if (reading.kind !== 'none' && !isOurs) return { kind: 'guest', vmid, reading, locked: true };
  if ((yield* lifeOf(process, vmid, config)) === 'dead') {
    process.witness.count('a stub was judged dead');
    return { kind: 'remnant', vmid };
  }
  if (isOurs) return { kind: 'guest', vmid, reading, locked: true };
  return { kind: 'unreadable', vmid, reason: 'locked', cause: 'making' };
}

function readingOf({ claim }: { readonly claim?: Claim }): ClaimReading {
  return claim === undefined ? { kind: 'none', text: '' } : { kind: 'claim', claim, text: '' };
}

/** Whether somebody works on an unfinished VM, by this look and those before it. */
export function* lifeOf(
  process: Process,
  vmid: Vmid,
  { digest, claim }: ReadConfig,
): Actor<'worked-on' | 'quiet' | 'dead'> {
  const { pve, quiet } = process;
  const tasks = yield* read(() => pve.activeTasks());
  const now = process.now();
  const look = { node: 'pve1', digest, tasks, now, pveNow: pve.seconds, begunAt: claim?.time };
  const seen = lookAgain(quiet.get(vmid), vmid, look);
  quiet.set(vmid, seen);
  if (seen.since === undefined) return 'worked-on';
  return isDead(seen) ? 'dead' : 'quiet';
}

function shuffled<T>(of: readonly T[], chance: Chance): T[] {
  return of
    .map((item) => ({ item, key: chance.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
