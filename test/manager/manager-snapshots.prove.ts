// The rarer moments of VMSnapshots: several of one name, more than are kept, a VM that has changed since, one that is gone.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { until } from '../support/until.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';

let flow: ManagerFlow;
let vmid: number;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false } });
  await flow.applyCredentials();
  await flow.apply(BASICS + vmManifest('web', { powerState: 'Off' }));
  await flow.until('VirtualMachine', 'web', isReady);
  ({ vmid } = await vmOf(flow, 'web'));
});
afterAll(async () => await flow.stop());

function guest() {
  const found = flow.sim.world.guests[vmid];
  if (found === undefined) throw new Error(`there is no VM ${vmid}`);
  return found;
}

const snapshot = (name: string, spec: object = {}, metadata: object = {}): string =>
  manifest('VMSnapshot', name, { vmRef: { name: 'web' }, ...spec }, metadata);
const is = (type: string, state: string) => (seen: Seen) => seen.condition(type) === state;

async function take(name: string, spec: object = {}): Promise<Seen> {
  await flow.apply(snapshot(name, spec));
  return await flow.until('VMSnapshot', name, isReady);
}

it('two objects cannot have one name in PVE, and the second goes without the first', async () => {
  await take('first', { snapshotConfig: { name: 'same' } });
  await flow.apply(snapshot('second', { snapshotConfig: { name: 'same' } }));
  const refused = await flow.until('VMSnapshot', 'second', is('Ready', 'False AlreadyExists'));
  expect(refused.message('Ready')).toContain('has a snapshot same from another request');
  await flow.delete('VMSnapshot', 'second');
  await flow.untilGone('VMSnapshot', 'second');
  expect(Object.keys(guest().snapshots)).toEqual(['same']);
  await flow.delete('VMSnapshot', 'first');
  await flow.untilGone('VMSnapshot', 'first');
});

it('a way back takes back what class and manifest say, and they say it again', async () => {
  await take('small');
  await flow.apply(vmManifest('web', { powerState: 'Off', classRef: { name: 'large' } }));
  await until(
    async () => await Promise.resolve(guest().config['memory']),
    (memory) => memory === '4096',
  );
  const asked = { annotations: { 'virtrigaud.io/revert-requested-at': 'now' } };
  await flow.apply(snapshot('small', {}, asked));
  const { status } = await flow.until('VMSnapshot', 'small', ({ status: { revert } }) => {
    return (revert as { handled?: string } | undefined)?.handled === 'now';
  });
  expect(status['revert']).toEqual({ handled: 'now', message: 'VM web is back at it.', at: expect.any(String) });
  expect(flow.sim.journal.after(0).filter(({ path }) => path.endsWith('/rollback'))).toHaveLength(1);
  await until(
    async () => await Promise.resolve(guest().config['memory']),
    (memory) => memory === '4096',
  );
  await flow.until('VirtualMachine', 'web', is('UpToDate', 'True Applied'));
  const changes = (await flow.events('VirtualMachine', 'web')).filter((line) => line.includes(' Reconfigured '));
  expect(changes.length).toBeGreaterThan(0);
});

it('more than are kept go, the oldest first, but for pinned ones and those of nobody', async () => {
  const kept = { retentionPolicy: { maxCount: 2, gracePeriod: '0s' } };
  await take('pinned', { ...kept, metadata: { pinned: true } });
  for (const name of ['oldest', 'older']) await take(name, kept);
  await take('newer', kept);
  await take('newest');
  // It is seen when it is looked at again.
  for (const name of ['pinned', 'oldest', 'older'])
    await flow.apply(
      snapshot(name, { ...kept, description: 'again', ...(name === 'pinned' ? { metadata: { pinned: true } } : {}) }),
    );
  await flow.untilGone('VMSnapshot', 'oldest');
  await flow.untilGone('VMSnapshot', 'older');
  expect((await flow.events('VMSnapshot', 'oldest')).join('\n')).toMatch(/Normal Expired .*newer ones \(maxCount\)/);
  expect(Object.keys(guest().snapshots).toSorted()).toEqual(['newer', 'newest', 'pinned', 'small']);
});

it('a VM that somebody destroyed takes them along, which is told', async () => {
  await flow.apply(vmManifest('web', {}, { annotations: { 'virtrigaud.io/paused': 'true' } }));
  await flow.until('VirtualMachine', 'web', is('Paused', 'True Paused'));
  delete flow.sim.world.guests[vmid];
  await flow.apply(snapshot('pinned', { description: 'look again' }));
  const gone = await flow.until('VMSnapshot', 'pinned', is('Ready', 'False VMGone'));
  expect(gone.message('Ready')).toBe(`VM ${vmid} is not there: see VirtualMachine web.`);
  expect(flow.log.filter((line) => line.includes('visit failed'))).toEqual([]);
  await flow.apply(vmManifest('web', { powerState: 'Off' }, { annotations: {} }));
  await flow.apply(vmManifest('web', { powerState: 'Off' }, { annotations: { 'virtrigaud.io/paused': 'false' } }));
  await flow.until('VMSnapshot', 'pinned', (seen) => /SnapshotGone|VMReplaced/.test(seen.condition('Ready')));
});
