// The caller of the model and the replicas it calls: it repeats a create until it has an id, changes its mind, deletes, and
// does not know of what it gave up; replicas are killed and begin again without a memory.
import type { Vmid } from '#pve/ids';
import type { Actor, Life } from './clockwork.ts';
import { type Answer, createRun } from './create-run.ts';
import type { Process } from './look.ts';
import type { Scene } from './schedule.ts';
import { deleteRun } from './take-away.ts';

const RETRY_MS = 5000;
/** The longest pause of a run is over by then. */
const QUIESCENT_AFTER_MS = 1_800_000;

interface Replica {
  process: Process;
  runs: Life[];
  /** One create at a time per owner. */
  isBusy: boolean;
}

export function startManager(scene: Scene): { judgeEnd: () => void } {
  const { chance, clockwork, pve, rules, witness } = scene;
  const replicas = Array.from({ length: chance.pick([1, 2, 2, 2, 3]) }, newReplica);
  const uid = chance.happens(0.5) ? 'b5c1' : undefined;
  const secondCaller = chance.pick([0.1, 1, 1]);
  const digestChanges = chance.pick([0, 0, 0.2]);
  const idleMs = chance.pick([1000, 100_000]);
  let digest = 1;
  let incarnations = 0;
  /** What the manager was told, until it deletes it. */
  let known: Vmid | undefined;

  function replica(index: number): Replica {
    return replicas[index % replicas.length] ?? newReplica();
  }

  function newReplica(): Replica {
    return { process: newProcess(), runs: [], isBusy: false };
  }

  function newProcess(): Process {
    return {
      pve,
      chance,
      now: () => clockwork.now,
      quiet: new Map(),
      destroyed: new Map(),
      witness,
    };
  }

  /** A call that is given up goes on as a run. Undefined where nothing came in time. */
  function* call<T>(
    { process, runs }: Replica,
    mayOutliveIt: boolean,
    run: (process: Process, deadline: number) => Actor<T>,
  ): Actor<T | undefined> {
    const until = clockwork.now + chance.spread(5000, 300_000);
    const deadline = mayOutliveIt && chance.happens(0.2) ? Number.POSITIVE_INFINITY : until;
    const results: T[] = [];
    runs.push(clockwork.start(run(process, deadline), 0, (value) => void results.push(value)));
    for (let pauseMs = 200; results.length === 0 && clockwork.now < until; pauseMs = Math.min(4000, pauseMs * 1.5)) {
      yield { sleep: pauseMs };
    }
    return results[0];
  }

  function* createOnce(called: Replica, wanted: string): Actor<void> {
    const answer = yield* call(called, true, (process, deadline) => inLane(called, process, wanted, deadline));
    if (answer !== undefined && answer.kind !== 'aborted') hear(answer.vmid);
  }

  function* inLane(called: Replica, process: Process, wanted: string, deadline: number): Actor<Answer> {
    while (called.isBusy) {
      if (clockwork.now > deadline) return { kind: 'aborted' };
      yield { sleep: 1000 };
    }
    called.isBusy = true;
    const incarnation = (): string => `inc${(incarnations += 1)}`;
    const answer = yield* createRun(process, { digest: wanted, uid, deadline, incarnation, rules });
    if (called.process === process) called.isBusy = false;
    return answer;
  }

  function hear(vmid: Vmid): void {
    witness.trace(`the manager is told ${vmid}`);
    if (known !== undefined && known !== vmid) witness.violated(`answers name ${known} and ${vmid}`);
    if (!pve.own('ready').includes(vmid)) witness.violated(`an answer names ${vmid}, which is not ready`);
    known = vmid;
  }

  function* createUntilKnown(): Actor<void> {
    for (;;) {
      if (chance.happens(digestChanges)) digest += 1;
      const wanted = `d${digest}`;
      const first = chance.whole(replicas.length);
      // A second caller, as after a change of leaders, asks another replica and is heard as well.
      const second = chance.happens(secondCaller)
        ? clockwork.start(createOnce(replica(first + 1), wanted), chance.spread(1, 500))
        : undefined;
      yield* createOnce(replica(first), wanted);
      if (second !== undefined) yield* untilOver(second);
      if (known !== undefined) return;
      yield { sleep: RETRY_MS };
    }
  }

  function* untilOver(life: Life): Actor<void> {
    for (;;) {
      if (!life.isAlive) return;
      yield { sleep: 1000 };
    }
  }

  function* deleteUntilGone(vmid: Vmid): Actor<void> {
    known = undefined;
    witness.count('an owner deleted');
    witness.trace(`the manager deletes ${vmid}`);
    const run = (process: Process, deadline: number): Actor<boolean> => deleteRun(process, vmid, deadline);
    while ((yield* call(replica(chance.whole(replicas.length)), false, run)) !== true) yield { sleep: RETRY_MS };
  }

  function* manage(): Actor<void> {
    yield* createUntilKnown();
    while (!scene.isCalm && chance.happens(0.85)) {
      yield { sleep: chance.spread(10, idleMs) };
      if (known !== undefined && chance.happens(0.8)) yield* deleteUntilGone(known);
      yield* createUntilKnown();
    }
    while (!scene.isCalm) yield { sleep: 10_000 };
    yield { sleep: QUIESCENT_AFTER_MS };
    if (pve.unfinished().length > 0) witness.count('something was left until the create was repeated');
    yield* createUntilKnown();
  }

  function* crashes(): Actor<void> {
    const meanMs = chance.pick([0, 5000, 30_000, 120_000]);
    if (meanMs === 0) return;
    for (;;) {
      yield { sleep: chance.between(0, 2 * meanMs) };
      if (scene.isCalm) return;
      const killed = replica(chance.whole(replicas.length));
      if (killed.runs.some((run) => run.isAlive)) witness.count('a replica was killed at work');
      for (const run of killed.runs) run.kill();
      witness.trace('a replica is killed');
      Object.assign(killed, newReplica());
    }
  }

  clockwork.start(manage(), 0);
  clockwork.start(crashes(), 0);
  return {
    judgeEnd: () => {
      const ready = pve.own('ready');
      if (ready.length !== 1 || ready[0] !== known)
        witness.violated(`at the end ready are ${ready.join(', ')}, known is ${known ?? 'none'}`);
      const unfinished = pve.unfinished();
      if (unfinished.length > 0) witness.violated(`at the end unfinished are ${unfinished.join(', ')}`);
    },
  };
}
