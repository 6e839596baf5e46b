import { expect, it } from 'vitest';
import { seeded } from '../support/random.ts';
import { randomReconfigures } from '../support/random-reconfigures.ts';
import { startStage } from '../support/stage.ts';

it('a thousand changes at random, with people who edit in between: no edit is lost, nothing detached, nothing restarted', async () => {
  const stage = await startStage({ simulator: { latency: false } });
  const { flaws, edits } = await randomReconfigures(stage, { count: 1000, vms: 20, random: seeded(20_261) });
  await stage.stop();
  expect(flaws).toEqual([]);
  expect(edits).toBeGreaterThan(500);
}, 600_000);
