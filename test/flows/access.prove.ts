import { describe, expect, it } from 'vitest';
import { GIB } from '#pve-sim/world/size';
import type { CreateRequest } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { endings, everyObject, isSettled, leftVolumes, manage, startWatchedFlow } from '../support/go-manager/stage.ts';
import { addToken, forgetTickets, givePassword, NO_TOKEN, removeToken } from '../support/identities.ts';
import { lastRequest, requestsSince } from '../support/journal.ts';
import { CREATE_KINDS, flawAt, requestFor, settingsFor, VICTIM_NODE } from '../support/kill-matrix.ts';
import { type MountedSecret, mountSecret } from '../support/mounted-secret.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest } from '../support/requests.ts';
import { expectOneVm, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// Who we are to PVE changes, or is doubted, in the middle of work: nothing is lost, nothing is made twice.

const PASSWORD = 'correct horse 1';
const LOGIN = 'POST /access/ticket';
const MINUTE_MS = 60_000;
const USER_DATA = '#cloud-config\n';

const asUser = (user: string): Record<string, string> => ({ ...NO_TOKEN, PVE_USERNAME: user, PVE_PASSWORD: PASSWORD });
const fromFolder = ({ folder }: MountedSecret): Record<string, string> => ({
  ...NO_TOKEN,
  VIRTRIGAUD_CREDENTIALS_DIR: folder,
});
const SYNCHRONOUS = CREATE_KINDS.filter(({ answer }) => answer === 'synchronous');

describe('a session', () => {
  it.concurrent.each(SYNCHRONOUS)(
    'that PVE forgets after any call of a create with $title is begun anew, and the create succeeds as if nothing had been',
    async (kind) => {
      const stage = await startStage();
      const { client } = await stage.another(0, asUser(givePassword(stage.sim, PASSWORD)));
      let calls = 0;
      let logins = 0;
      const kinds = new Set<string>();
      for (let isOver = false; !isOver; ) {
        const name = `forgotten-${calls}`;
        const isMet = stage.moments.atCall(calls + 1, () => forgetTickets(stage.sim));
        const since = lastRequest(stage.sim);
        const id = await createdLikeTheManager(client, requestFor(kind, name), kinds);
        await expectOneVm(stage, name, id);
        isOver = !isMet();
        stage.moments.clear();
        if (!isOver) calls += 1;
        logins += requestsSince(stage.sim, since).filter((request) => request === LOGIN).length;
      }
      console.log(`forgotten sessions: ${kind.title}: after each of ${calls} calls`);
      expect(calls).toBeGreaterThan(10);
      expect(logins).toBe(calls);
      // Nobody has noticed. A busy machine may be told that a copy takes longer.
      expect([...kinds].filter((one) => one !== 'busy')).toEqual(['ok']);
      await stage.stop();
    },
  );

  it.concurrent.each(SYNCHRONOUS.filter(({ cloudInit }) => cloudInit === 'iso'))(
    'that is to be begun by a provider that is cut off about then, in a create with $title, leaves one VM',
    async (kind) => {
      const flow = await startFlow({ simulator: { timeScale: 60 }, settings: settingsFor(kind), node: 1 });
      const user = givePassword(flow.sim, PASSWORD);
      const flaws: (string | undefined)[] = [];
      for (const at of [0, 1, 2, 3, 4, 5]) {
        for (const moment of ['before', 'after'] as const) {
          const { client, end } = await flow.another(VICTIM_NODE.index, asUser(user));
          forgetTickets(flow.sim);
          const victim = { client, die: end };
          flaws.push(await flawAt(flow, kind, { at, moment }, { victim, successor: flow.client }));
        }
      }
      const logins = flow.sim.journal.entries.filter(
        ({ path, status }) => path === '/access/ticket' && status === undefined,
      );
      await flow.stop();
      expect(flaws).toEqual(flaws.map(() => ''));
      // Some of them were cut off in the login itself.
      expect(logins.length).toBeGreaterThan(0);
    },
  );
});

/** Longer than a ticket lives. */
const COPY_SECONDS = 2.1 * 3600;

it('a create whose copy outlives every ticket goes on with new ones, and ends with one VM', async () => {
  const stage = await startStage({ simulator: { timeScale: 200 } });
  const { sim } = stage;
  const storage = sim.world.storages['local-lvm'];
  if (storage === undefined) throw new Error('there is no storage local-lvm');
  sim.world.storages['local-lvm'] = { ...storage, bytesPerSecond: (8 * GIB) / COPY_SECONDS };
  const slowly = { PVE_TASK_TIMEOUT: '1s', PVE_TASK_POLL_INTERVAL: '60s' };
  const { client } = await stage.another(0, { ...asUser(givePassword(sim, PASSWORD)), ...slowly });
  const since = lastRequest(sim);
  const begunAt = sim.clock.now();
  const { id, task } = await client.create(createRequest({ name: 'outlives', userData: USER_DATA }));
  await until(
    async () => {
      await sim.clock.sleep(MINUTE_MS);
      return await client.taskStatus({ task: { id: task?.id ?? '' } });
    },
    ({ done }) => done,
  );
  await expectOneVm(stage, 'outlives', id);
  const hours = (sim.clock.now() - begunAt) / 3_600_000;
  const logins = requestsSince(sim, since).filter((request) => request === LOGIN).length;
  console.log(`a create of ${hours.toFixed(1)} hours: ${logins} logins`);
  expect(hours).toBeGreaterThan(2);
  // The first, and one for each hour.
  expect(logins).toBeGreaterThanOrEqual(2);
  expect(sim.journal.entries.filter(({ status }) => status === 401)).toEqual([]);
  await stage.stop();
});

const CREATES = 50;
/** How many are ready when the credentials change. */
const CHANGE_AT = 10;

describe('credentials that are exchanged by file during fifty creates', () => {
  it.concurrent.each([
    ['a token, removed once the new one is used', false],
    ['a token, removed before the new one is there', true],
  ])('(%s) lose none and double none', async (_what, isRemovedBefore) => {
    const flow = await startFlow({ simulator: { timeScale: 50 } });
    const [old, fresh] = [addToken(flow.sim, 'old'), addToken(flow.sim, 'fresh')];
    const secret = mountSecret(old);
    const { client } = await flow.another(0, fromFolder(secret));
    const names = Array.from({ length: CREATES }, (_, index) => `rotated-${index}`);
    const kinds = new Set<string>();
    const created = Promise.all(
      names.map(
        async (name) => await createdLikeTheManager(client, createRequest({ name, userData: USER_DATA }), kinds),
      ),
    );
    await until(
      async () => await claimedVms(flow.world),
      (vms) => vms.filter(({ state }) => state === 'ready').length >= CHANGE_AT,
    );
    const isNamed = async (id: string): Promise<void> =>
      void (await until(
        async () => await Promise.resolve(flow.log),
        (log) => log.some((line) => line.includes(`INFO Authenticated to PVE token=${id} `)),
      ));
    if (isRemovedBefore) {
      removeToken(flow.sim, old.token_id);
      await until(
        async () => await Promise.resolve([...kinds]),
        (seen) => seen.includes('unauthenticated'),
      );
      secret.mount(fresh);
    } else {
      secret.mount(fresh);
      await isNamed(fresh.token_id);
      removeToken(flow.sim, old.token_id);
    }
    const ids = await created;
    await isNamed(fresh.token_id);

    const vms = await claimedVms(flow.world);
    expect(vms.map(({ vmid, state, lock }) => `${vmid} ${state} ${lock}`).sort()).toEqual(
      ids.map((id) => `${id} ready undefined`).sort(),
    );
    expect(new Set(ids).size).toBe(CREATES);
    expect(strayVolumes(flow.sim)).toEqual([]);
    expect([...kinds].filter((kind) => !['ok', 'busy', 'unauthenticated'].includes(kind))).toEqual([]);
    expect(kinds.has('unauthenticated')).toBe(isRemovedBefore);
    const log = flow.log.join('');
    expect([old, fresh].filter(({ token_secret: hidden }) => log.includes(hidden))).toEqual([]);
    await flow.stop();
    secret.remove();
  });
});

/** Again and again, until it has succeeded. @param kinds gets how each try has ended */
async function createdLikeTheManager(
  client: Flow['client'],
  request: CreateRequest,
  kinds: Set<string>,
): Promise<string> {
  const { answer } = await until(
    async () => await outcomeOf(client.create(request)),
    ({ kind, answer: given }) => {
      kinds.add(kind);
      return kind === 'ok' && given?.task === undefined;
    },
  );
  return answer?.id ?? '';
}

describe('credentials that are wrong for a minute, and then right', () => {
  const older = Array.from({ length: 10 }, (_, index) => `older-${index}`);
  const newer = Array.from({ length: 10 }, (_, index) => `newer-${index}`);

  it.concurrent.each(['token', 'password'])(
    '(a %s) make the manager wait with creates and deletes, and lose it nothing',
    async (what) => {
      const ends: (() => Promise<void> | void)[] = [];
      const atEnd = (end: () => Promise<void> | void): void => void ends.unshift(end);
      const flow = await startWatchedFlow(atEnd as Parameters<typeof startWatchedFlow>[0]);
      const user = givePassword(flow.sim, PASSWORD);
      const token = addToken(flow.sim, 'right');
      const right = what === 'token' ? token : { username: user, password: PASSWORD };
      const wrong = what === 'token' ? { ...token, token_secret: 'wrong' } : { username: user, password: 'wrong' };
      const secret = mountSecret(right);
      const { client, provider } = await flow.another(0, fromFolder(secret));
      const before = await flow.world.volumes();
      const manager = manage(atEnd as Parameters<typeof manage>[0], flow, {
        endpoint: () => `127.0.0.1:${provider.port}`,
      });
      for (const name of older) manager.apply(name, { userData: USER_DATA });
      await manager.until(everyObject(manager, isSettled));

      for (const name of newer) manager.apply(name, { userData: USER_DATA });
      for (const name of older) manager.delete(name);
      await until(
        async () => await claimedVms(flow.world),
        (vms) => vms.some(({ state, config }) => state === 'creating' && config['name']?.startsWith('newer') === true),
      );
      secret.mount(wrong);
      const since = lastRequest(flow.sim);
      const endsAt = flow.sim.clock.now() + MINUTE_MS;
      await manager.until(() => flow.sim.clock.now() >= endsAt);
      const refused = flow.sim.journal.after(since).filter(({ status }) => status === 401);
      expect(refused.length).toBeGreaterThan(0);
      // Not one for each call of ten workers, but a few at once every ten seconds.
      expect(refused.length).toBeLessThan(60);
      expect(await client.validate({})).toMatchObject({ ok: true, message: expect.stringContaining('refuses') });
      expect(endings(manager, / Unauthenticated$/).length).toBeGreaterThan(0);
      secret.mount(right);
      await manager.until(() => manager.objects.size === newer.length && everyObject(manager, isSettled)());

      const vms = await claimedVms(flow.world);
      expect(vms.map(({ state, lock }) => `${state} ${lock ?? 'unlocked'}`)).toEqual(newer.map(() => 'ready unlocked'));
      expect(new Set(manager.record.finalizers.map(({ why }) => why))).toEqual(new Set(['deleted']));
      expect([...manager.record.ids.values()].map((ids) => ids.length)).toEqual([...older, ...newer].map(() => 1));
      expect(flow.doubled).toEqual(new Set());
      expect(manager.breakerOpenings).toBe(0);
      expect(endings(manager, / (Unavailable|DeadlineExceeded|Internal|Unknown)$/)).toEqual([]);
      expect(await leftVolumes(flow, before)).toHaveLength(volumesOf(flow, newer));
      for (const end of ends) await end();
      secret.remove();
    },
  );
});

/** How many volumes the VMs of these names have. */
function volumesOf({ sim }: Flow, names: readonly string[]): number {
  const vmids = Object.values(sim.world.guests)
    .filter(({ config }) => names.includes(config['name'] ?? ''))
    .map(({ vmid }) => vmid);
  return Object.values(sim.world.volumes).filter(({ vmid, volid }) =>
    vmids.some((id) => id === vmid || volid.includes(`vrtg-${id}-`)),
  ).length;
}
