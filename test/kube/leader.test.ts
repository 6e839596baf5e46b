// Managers that compete for one Lease, each over a network of its own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lead, type Leadership } from '#kube/leader';
import { LEASES } from '#kube/resource';
import { type Clock, createClock } from '#runtime/clock';
import { until } from '../support/until.ts';
import { type GatedApi, loggedLines, type NearApi, startNearApi } from './near-api.ts';

let near: NearApi;
beforeAll(async () => {
  near = await startNearApi([]);
});
afterAll(async () => await near.stop());

const namespace = 'default';
const REAL = createClock();

interface Candidate extends Leadership {
  readonly net: GatedApi;
  /** When it led, by the clock. */
  readonly term: { from?: number; to?: number };
}

async function candidate(name: string, identity: string, clock: Clock, retryMs: number): Promise<Candidate> {
  const net = await near.another();
  const leadership = lead(net.api, { namespace, name, identity, clock, log: loggedLines().log, retryMs });
  const term: Candidate['term'] = {};
  void leadership.acquired.then(() => {
    term.from = clock.now();
  });
  leadership.lost.addEventListener('abort', () => {
    term.to = clock.now();
  });
  return { ...leadership, net, term };
}

async function end(...candidates: readonly Candidate[]): Promise<void> {
  for (const { net } of candidates) net.stop();
  await Promise.all(candidates.map(async (one) => await one.release()));
}

async function leaseOf(name: string) {
  return (await near.api.get(LEASES, { namespace, name }))?.['spec'];
}

test('who ends in order lets the next one lead at once', async () => {
  const first = await candidate('orderly', 'a', REAL, 50);
  await first.acquired;
  const second = await candidate('orderly', 'b', REAL, 50);
  const renewed = async () => ((await leaseOf('orderly')) as { renewTime: string }).renewTime;
  const before = await renewed();
  await until(renewed, (time) => time !== before);
  expect(await leaseOf('orderly')).toMatchObject({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    leaseTransitions: 0,
    renewTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  });
  expect({ first: first.leads(), second: second.leads() }).toEqual({ first: true, second: false });
  await first.release();
  expect(first.lost.aborted).toBe(false);
  await second.acquired;
  expect(await leaseOf('orderly')).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  await second.release();
  expect(await leaseOf('orderly')).toMatchObject({ holderIdentity: '' });
  await end(first, second);
});

test('one that is cut off stops before another one begins, and never leads again', async () => {
  const clock = createClock({ factor: 25 });
  const first = await candidate('cut-off', 'a', clock, 1000);
  await first.acquired;
  const others = await Promise.all(
    ['b', 'c'].map(async (identity) => await candidate('cut-off', identity, clock, 1000)),
  );
  first.net.hold();
  const second = await until(
    async () => others.find(({ term }) => term.from !== undefined),
    (found) => found !== undefined,
  );
  expect(first.term.to).toBeLessThan(second?.term.from ?? 0);
  expect(first.leads()).toBe(false);
  expect(String(first.lost.reason)).toMatch(
    /Lease default\/cut-off: leadership lost: it could not be renewed for 10 s/,
  );
  expect(others.filter(({ term }) => term.from !== undefined)).toEqual([second]);
  await end(first, ...others);
});

test('one that finds its Lease in other hands leads no more', async () => {
  const first = await candidate('taken', 'a', REAL, 20);
  await first.acquired;
  await near.api.patch(LEASES, { namespace, name: 'taken' }, { spec: { holderIdentity: 'thief' } });
  await until(
    async () => first.lost.aborted,
    (enough) => enough,
  );
  expect(String(first.lost.reason)).toMatch(/somebody else holds it/);
  expect(await leaseOf('taken')).toMatchObject({ holderIdentity: 'thief' });
  await end(first);
});
