// One schedule: replicas that come and go, a manager that repeats itself, strangers in the window, and whatever can go
// wrong between two calls, all drawn from one seed.
import { type Chance, createChance } from './chance.ts';
import { type Clockwork, createClockwork, type Way } from './clockwork.ts';
import type { Rules } from './create-run.ts';
import { startManager } from './manager.ts';
import type { Witness } from './host.ts';
import { createModelPve, type ModelPve } from './pve.ts';
import { startStrangers } from './strangers.ts';

export const THE_RULES: Rules = {
  secondLook: true,
  secondLookAfterMs: 2000,
  resumeLooksAgain: true,
  swapsLosers: true,
  avoidsRecent: true,
};

export interface Outcome {
  /** How the protocol was broken, first of all; undefined where it was not. */
  readonly violation: string | undefined;
  /** A delete that was long on its way met another VM: what PVE leaves open, since a DELETE carries no digest. */
  readonly lateDelete: string | undefined;
  readonly steps: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
}

/** All that plays in one schedule. */
export interface Scene {
  readonly chance: Chance;
  readonly clockwork: Clockwork;
  readonly pve: ModelPve;
  readonly rules: Rules;
  readonly witness: Witness;
  /** From now on nothing goes wrong any more. */
  isCalm: boolean;
}

const MAX_STEPS = 60_000;
/** What is still unfinished is repeated by the manager until it has an id; after this the weather is fine. */
const TROUBLE_MS = [20_000, 400_000] as const;

/** How bad the weather of a schedule is, 0 to 1 each. */
interface Weather {
  slow: number;
  verySlow: number;
  lost: number;
  pause: number;
  longPause: number;
}

export function runSchedule(seed: number, rules: Rules, options: { readonly trace?: boolean } = {}): Outcome {
  const chance = createChance(seed);
  const weather = drawWeather(chance);
  const clockwork = createClockwork(() => drawWay(chance, weather));
  const counts = new Map<string, number>();
  const trace: string[] = [];
  let violation: string | undefined;
  let lateDelete: string | undefined;
  const witness: Witness = {
    violated: (what) => {
      witness.trace(`VIOLATION: ${what}`);
      // What follows from a late delete is no other failure.
      if (lateDelete === undefined) violation ??= what;
    },
    metByLateDelete: (what) => {
      witness.trace(`LATE DELETE: ${what}`);
      lateDelete ??= what;
    },
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    trace: (what) => {
      if (options.trace === true) trace.push(`${(clockwork.now / 1000).toFixed(3)} ${what}`);
    },
  };
  const pve = createModelPve(clockwork, chance, chance.pick([3, 4, 6]), witness);
  pve.trouble = chance.happens(0.5) ? { fails: 0, dies: 0 } : { fails: chance.next() * 0.2, dies: chance.next() * 0.2 };
  const scene: Scene = { chance, clockwork, pve, rules, witness, isCalm: false };
  const troubleMs = chance.between(...TROUBLE_MS);
  clockwork.at(troubleMs, () => {
    scene.isCalm = true;
    pve.trouble = { fails: 0, dies: 0 };
    Object.assign(weather, CALM);
    // Later than the last worker may have died.
    clockwork.at(120_000, () => pve.removeRemnants(chance.happens(0.5)));
  });
  startStrangers(scene);
  const { judgeEnd } = startManager(scene);
  if (!clockwork.run(MAX_STEPS)) witness.violated('it does not come to an end');
  else judgeEnd();
  return { violation, lateDelete, steps: clockwork.steps, counts, trace };
}

const CALM: Weather = { slow: 0, verySlow: 0, lost: 0, pause: 0, longPause: 0 };

function drawWeather(chance: Chance): Weather {
  const up = (limit: number): number => (chance.happens(0.3) ? 0 : limit * chance.next());
  return { slow: up(0.3), verySlow: up(0.02), lost: up(0.05), pause: up(0.1), longPause: up(0.02) };
}

function drawWay(chance: Chance, weather: Weather): Way {
  const leg = (): number => {
    if (chance.happens(weather.verySlow)) return chance.spread(1500, 40_000);
    return chance.happens(weather.slow) ? chance.spread(50, 1500) : chance.spread(1, 30);
  };
  const pause = chance.happens(weather.longPause)
    ? chance.spread(3000, 900_000)
    : chance.happens(weather.pause)
      ? chance.spread(10, 3000)
      : 0;
  const lost = chance.happens(weather.lost) ? chance.pick(['request', 'answer'] as const) : undefined;
  return { pause, there: leg(), back: leg(), lost };
}
