import { expect, it } from 'vitest';
import { startFlow } from '../support/flow.ts';
import { createUnderFire, race, startRacers } from '../support/race.ts';
import { seeded } from '../support/random.ts';

const HUNDRED = 100;

it(`two processes that are asked for one VM among strangers make one, ${HUNDRED} times`, async () => {
  const flow = await startFlow({ simulator: { timeScale: 20, tls: true } });
  const racers = await startRacers(flow);
  const random = seeded(1);
  const flaws: string[] = [];
  for (let round = 0; round < HUNDRED; round++) {
    const flaw = await race(racers, round, random);
    if (flaw !== undefined) flaws.push(flaw);
  }
  console.log(`race: ${HUNDRED} rounds, ${flaws.length} flaws`);
  await Promise.all(racers.providers.map(async (one) => await one.kill('SIGTERM')));
  await flow.stop();
  expect(flaws).toEqual([]);
});

it(`${HUNDRED} VMs are made, each once, while their providers are killed`, async () => {
  const flow = await startFlow({ simulator: { timeScale: 20, tls: true } });
  const { kills, flaws } = await createUnderFire(flow, HUNDRED, seeded(2));
  console.log(`under fire: ${HUNDRED} VMs, ${kills} processes killed, ${flaws.length} flaws`);
  await flow.stop();
  expect(flaws).toEqual([]);
  expect(kills).toBeGreaterThan(10);
});
