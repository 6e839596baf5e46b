import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flow, startFlow } from '../support/flow.ts';
import { race, type Racers, startRacers } from '../support/race.ts';
import { seeded } from '../support/random.ts';

// What two replicas may make of a create; a hundred rounds, and a hundred VMs whose providers are killed all the time, are in
// `npm run prove -- two-providers`.

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 20, tls: true } });
});
afterAll(async () => await flow.stop());

describe('two provider processes on two endpoints that are asked for one VM among strangers', () => {
  let racers: Racers;
  beforeAll(async () => {
    racers = await startRacers(flow);
  });
  afterAll(async () => void (await Promise.all(racers.providers.map(async (one) => await one.kill('SIGTERM')))));

  const random = seeded(7);
  it.each(Array.from({ length: 15 }, (_, round) => round))('make one, with one id (%i)', async (round) => {
    expect(await race(racers, round, random)).toBeUndefined();
  });
});
