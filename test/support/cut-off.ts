// A call whose provider is cut off from PVE in the middle of it, and dies.
import type { ProviderClient } from '#rpc/client';
import type { Flow } from './flow.ts';
import { arm, type KillPoint, pathOf, received, VICTIM_NODE } from './kill-matrix.ts';
import { outcomeOf } from './outcome.ts';
import { until } from './until.ts';

/** Whether the victim has come to a point since request number `since` of the journal. */
export function isAt({ sim }: Flow, since: number, point: KillPoint): boolean {
  const met = received(sim, since, pathOf(point))[typeof point.at === 'number' ? point.at : 0];
  return met !== undefined && (point.moment === 'before' || met.status !== undefined);
}

/** What became of something that was cut off at a point. */
export interface CutOff {
  /** Whether the point was reached before it was over. */
  readonly wasReached: boolean;
  /** Whether the call at which it was cut off would have changed something. */
  readonly isWrite: boolean;
  /** Which of all calls up to then would have. */
  readonly writes: readonly number[];
}

export function cutOffAt(flow: Flow, since: number, point: KillPoint): CutOff {
  const met = received(flow.sim, since, pathOf(point))[typeof point.at === 'number' ? point.at : 0];
  const calls = received(flow.sim, since, pathOf({ ...point, at: 0 }));
  return {
    wasReached: isAt(flow, since, point),
    isWrite: met !== undefined && met.method !== 'GET',
    writes: calls.flatMap(({ method }, index) => (method === 'GET' ? [] : [index])),
  };
}

/**
 * Runs a call with a provider that dies at a point, or when what it was asked for is done.
 * @param isFinished asked once the call has ended, which may have left the rest to a task
 */
export async function cutOff(
  flow: Flow,
  point: KillPoint,
  run: (client: ProviderClient, signal: AbortSignal) => Promise<unknown>,
  isFinished: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<CutOff> {
  const victim = await flow.another(VICTIM_NODE.index);
  const since = flow.sim.journal.entries.length;
  arm(flow.sim, point);
  const hangUp = new AbortController();
  let isOver = false;
  const call = outcomeOf(run(victim.client, hangUp.signal)).finally(() => {
    isOver = true;
  });
  await until(
    async () => isAt(flow, since, point) || (isOver && (await isFinished())),
    (enough) => enough,
  );
  const was = cutOffAt(flow, since, point);
  hangUp.abort();
  await Promise.all([victim.end(), call]);
  flow.sim.faults.clear();
  return was;
}

export interface Sweep {
  readonly points: number;
  readonly flaws: readonly string[];
}

const MOMENTS = ['before', 'after'] as const;
const NEVER = 1_000_000;

/**
 * Every point of something, by task and by call; whether the answer to a call that changes nothing gets through makes no
 * difference.
 * @param flawAt what is wrong in the end, '' for nothing
 * @param calls `writes`: only those that change something, as they come where nobody dies
 */
export async function sweep(
  tasks: readonly string[],
  flawAt: (point: KillPoint) => Promise<CutOff & { readonly flaw: string }>,
  calls: 'all' | 'writes' = 'all',
): Promise<Sweep> {
  const flaws: string[] = [];
  let points = 0;
  const look = async (point: KillPoint): Promise<CutOff> => {
    const end = await flawAt(point);
    if (end.wasReached) points += 1;
    if (end.flaw !== '') flaws.push(`${point.moment} ${point.at}: ${end.flaw}`);
    return end;
  };
  for (const at of tasks) {
    for (const moment of MOMENTS) {
      // On a busy machine a short task may be over before anybody looks at it.
      const isReached = (await look({ at, moment })).wasReached || (await look({ at, moment })).wasReached;
      if (!isReached) flaws.push(`${moment} ${at} was not reached`);
    }
  }
  if (calls === 'writes') {
    const { writes } = await look({ at: NEVER, moment: 'before' });
    for (const at of writes) for (const moment of MOMENTS) await look({ at, moment });
    return { points, flaws };
  }
  for (let at = 0; ; at++) {
    const { wasReached, isWrite } = await look({ at, moment: 'before' });
    if (!wasReached) return { points, flaws };
    if (isWrite) await look({ at, moment: 'after' });
  }
}
