import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { outcomeOf } from '../support/outcome.ts';
import { claimedVms } from '../support/world.ts';

// A VM whose id its manager never heard of is found by whose it is.

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 200 } });
});
afterAll(async () => await flow.stop());

const ownerOf = (name: string) => ({ name, namespace: 'team-a', uid: `uid-of-${name}` });

async function deleted(name: string): Promise<void> {
  await until(
    async () => await outcomeOf(flow.client.delete({ id: '' }, { owner: ownerOf(name) })),
    ({ kind, message }) => {
      if (kind !== 'ok') expect(kind, message).toBe('busy');
      return kind === 'ok';
    },
  );
}

describe('without an id, by the uid of its owner', () => {
  it('a VM is described and deleted, and no other one', async () => {
    const { id } = await flow.client.create(createRequest({ name: 'web' }), { owner: ownerOf('web') });
    const other = { ...ownerOf('web'), uid: 'another' };
    const { id: others } = await flow.client.create(createRequest({ name: 'web' }), { owner: other });
    const { providerRawJson } = await flow.client.describe({ id: '' }, { owner: ownerOf('web') });
    expect(JSON.parse(providerRawJson)).toMatchObject({ vmid: id });
    await deleted('web');
    expect((await claimedVms(flow.world, 'web')).map(({ vmid }) => String(vmid))).toEqual([others]);
    await expect(flow.client.describe({ id: '' }, { owner: ownerOf('web') })).rejects.toMatchObject({
      kind: 'not-found',
      message: 'VM web: describe: there is no such VM.',
    });
  });

  it('one that was never made is proven not to be there, and nothing is written', async () => {
    const since = lastRequest(flow.sim);
    const first = await outcomeOf(flow.client.delete({ id: '' }, { owner: ownerOf('nothing') }));
    expect(first).toMatchObject({ kind: 'busy', message: expect.stringContaining('not found, confirming') });
    await deleted('nothing');
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it('is not meant where no uid is sent', async () => {
    const refusal = { kind: 'invalid-spec', message: expect.stringMatching(/^id: is missing/) };
    await expect(flow.client.delete({ id: '' }, { owner: { name: 'web' } })).rejects.toMatchObject(refusal);
    await expect(flow.client.describe({ id: '' })).rejects.toMatchObject(refusal);
  });
});
