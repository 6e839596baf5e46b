import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PowerOp } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { addToken, forgetTickets, givePassword, NO_TOKEN, removeToken } from '../support/identities.ts';
import { lastRequest, requestsSince } from '../support/journal.ts';
import { type MountedSecret, mountSecret } from '../support/mounted-secret.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest } from '../support/requests.ts';
import { expectOneVm } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { vrtg } from '../support/vrtg.ts';

// The rows A1, A3, A4, A5 and A7 of the checklist on the original providers' defects: who we are to PVE, and what happens
// where PVE does not think so, or cannot be asked.

const PASSWORD = ' a%2B+c=d&e;ß 🔑 ';

let flow: Flow;
let user: string;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 100 } });
  user = givePassword(flow.sim, PASSWORD);
});
afterAll(async () => await flow.stop());

const asUser = (): Record<string, string> => ({ ...NO_TOKEN, PVE_USERNAME: user, PVE_PASSWORD: PASSWORD });
const fromFolder = ({ folder }: MountedSecret): Record<string, string> => ({
  ...NO_TOKEN,
  VIRTRIGAUD_CREDENTIALS_DIR: folder,
});
/** Log lines without time since `from`. */
const linesSince = (from: number, pattern: RegExp): string[] =>
  flow.log
    .slice(from)
    .map((line) => line.slice(25).trimEnd())
    .filter((line) => pattern.test(line));
const messageOf = async (client: Flow['client']): Promise<string> => {
  const { ok, message } = await client.validate({});
  expect(ok).toBe(true);
  return message;
};

describe('A1', () => {
  it('A1 user and password log in, once, and do all that the token does', async () => {
    const since = lastRequest(flow.sim);
    const { client, end } = await flow.another(0, asUser());
    const { id } = await client.create(createRequest({ name: 'by-password', userData: '#cloud-config\n' }));
    await client.power({ id, op: PowerOp.ON });
    await expectOneVm(flow, 'by-password', id);
    await client.delete({ id });
    await end();
    const asked = flow.sim.journal.after(since);
    expect(asked.filter(({ path }) => path === '/access/ticket').map(({ status }) => status)).toEqual([200]);
    expect(asked.filter(({ method, path }) => method === 'POST' && path.endsWith('/upload'))).toHaveLength(1);
    expect(new Set(asked.map(({ user: who }) => who))).toEqual(new Set([undefined, user]));
    expect(new Set(asked.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('A1 a login that PVE has forgotten is made again, and the call goes on', async () => {
    const { client, end } = await flow.another(0, asUser());
    forgetTickets(flow.sim);
    const since = lastRequest(flow.sim);
    expect(await client.power({ id: '100', op: PowerOp.ON })).toMatchObject({});
    await end();
    const asked = flow.sim.journal.after(since).map(({ path, status }) => `${path} ${status}`);
    expect(asked.slice(0, 3)).toEqual([
      expect.stringMatching(/ 401$/),
      '/access/ticket 200',
      asked[0]?.replace('401', '200'),
    ]);
    expect(asked.filter((one) => one.endsWith(' 401'))).toHaveLength(1);
  });

  it.each([
    ['a wrong password', { PVE_PASSWORD: 'wrong' }, /^PVE says "authentication failure"/],
    ['nobody of that name', { PVE_USERNAME: 'nobody@pve' }, /^PVE says "authentication failure"/],
    ['a name without a realm', { PVE_USERNAME: 'root' }, /PVE_USERNAME is not of the form user@realm/],
  ])('A1 %s ends the start with the line for it', async (_what, change, hint) => {
    await expect(flow.another(0, { ...asUser(), ...change })).rejects.toMatchObject({
      message: 'Failed to authenticate',
      fields: { error: 'authentication failed: invalid credentials', hint: expect.stringMatching(hint) },
    });
  });

  it('A1 a second factor is refused with the remedy', async () => {
    const entry = flow.sim.world.access.users[user];
    if (entry === undefined) throw new Error('there is no user');
    const factor = {
      id: 'phone',
      type: 'totp',
      description: '',
      created: 1,
      enabled: true,
      secret: 'JBSWY3DPEHPK3PXP',
    };
    entry.secondFactors = [{ ...factor, type: 'totp' }];
    await expect(flow.another(0, asUser())).rejects.toMatchObject({
      message: 'Failed to authenticate',
      fields: { hint: expect.stringMatching(/has a second factor.*use an API token/) },
    });
    entry.secondFactors = [];
  });

  it('A1 a token wins over a password, and the log says so', async () => {
    const from = flow.log.length;
    const { end } = await flow.another(0, { ...asUser(), ...flowToken() });
    await end();
    expect(linesSince(from, /Credentials|Authenticated/)).toEqual([
      expect.stringMatching(/^WARN Credentials warning="PVE_USERNAME is not used: the API token .* takes precedence"/),
      expect.stringMatching(/^INFO Authenticated to PVE token=/),
    ]);
  });

  it('A1 vrtg logs in with a password too', async () => {
    const since = lastRequest(flow.sim);
    expect(await vrtg(flow.sim, ['orphans'], asUser())).toMatchObject({
      code: 0,
      err: expect.not.stringContaining(PASSWORD),
    });
    expect(requestsSince(flow.sim, since)[0]).toBe('POST /access/ticket');
  });
});

function flowToken(): Record<string, string> {
  return { PVE_TOKEN_ID: flow.sim.token.id, PVE_TOKEN_SECRET: flow.sim.token.secret };
}

describe('A3', () => {
  it('A3 a provider that a manager has deployed serves before it has reached PVE, and says why', async () => {
    await flow.sim.setDaemon('pve3', 'api', 'stopped');
    const from = flow.log.length;
    const { client, provider, end } = await flow.another(2, { PROVIDER_NAME: 'prod', PROVIDER_NAMESPACE: 'default' });
    const page = async (path: string): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${provider.healthPort}${path}`);
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await messageOf(client)).toMatch(
      /^provider: PVE has not been reached .*Failed to connect: dial tcp .* refused/,
    );
    expect([await page('/healthz'), await page('/readyz')]).toEqual(['200 ok', '200 ready']);
    expect(await page('/metrics')).toMatch(/^virtrigaud_provider_pve_up\{.*\} 0$/m);
    expect((await client.getCapabilities({})).supportedNetworkTypes).toContain('bridge');
    const since = lastRequest(flow.sim);
    for (const call of [
      client.create(createRequest({ name: 'too-early' })),
      client.describe({ id: '100' }),
      client.delete({ id: '100' }),
      client.power({ id: '100', op: PowerOp.OFF }),
      client.taskStatus({ task: { id: 'x' } }),
    ]) {
      expect(await outcomeOf<unknown>(call)).toMatchObject({
        kind: 'busy',
        message: expect.stringContaining('connection refused'),
      });
    }
    expect(requestsSince(flow.sim, since)).toEqual([]);
    await flow.sim.setDaemon('pve3', 'api', 'running');
    await until(
      async () => await messageOf(client),
      (message) => message.startsWith('PVE 9.'),
    );
    expect((await client.describe({ id: '100' })).exists).toBe(true);
    expect(await page('/metrics')).toMatch(/^virtrigaud_provider_pve_up\{.*\} 1$/m);
    await end();
    const lines = linesSince(from, /^ERROR Failed|PVE is reached|Starting/);
    expect(lines[0]).toMatch(/^INFO Starting Proxmox VE provider server|^ERROR Failed to connect/);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^ERROR Failed to connect error="dial tcp 127\.0\.0\.1:\d+: connection refused" .*next_try=1s/,
      ),
    );
    expect(lines.at(-1)).toMatch(/^INFO PVE is reached pve=9\./);
  });

  it('A3 it waits for right credentials too, answered as Unauthenticated, and takes them from the files', async () => {
    const wrong = { token_id: flow.sim.token.id, token_secret: 'wrong' };
    const secret = mountSecret(wrong);
    const { client, end } = await flow.another(0, { ...fromFolder(secret), PVE_STARTUP: 'retry' });
    expect(await messageOf(client)).toMatch(/Failed to authenticate: authentication failed: invalid credentials/);
    expect(await outcomeOf(client.delete({ id: '100' }))).toMatchObject({ kind: 'unauthenticated' });
    secret.mount({ ...wrong, token_secret: flow.sim.token.secret });
    await until(
      async () => await messageOf(client),
      (message) => message.startsWith('PVE 9.'),
    );
    await end();
    secret.remove();
  });

  it.each([
    ['an endpoint that is none', { PVE_ENDPOINT: 'pve' }, 'invalid endpoint URL'],
    ['half a login', { ...NO_TOKEN, PVE_USERNAME: 'me@pve' }, 'credentials are required'],
  ])('A3 %s ends it all the same', async (_what, settings, error) => {
    await expect(flow.another(0, { ...settings, PVE_STARTUP: 'retry' })).rejects.toMatchObject({ fields: { error } });
  });
});

describe('A4', () => {
  // Slower: seconds are counted here.
  let slow: Flow;
  beforeAll(async () => {
    slow = await startFlow({ simulator: { timeScale: 20 } });
    givePassword(slow.sim, PASSWORD);
  });
  afterAll(async () => await slow.stop());

  it.each(['a token', 'a password'])(
    'A4 Validate tells within seconds that PVE refuses %s, and stays true',
    async (what) => {
      const settings = what === 'a token' ? {} : asUser();
      const { client, end } = await slow.another(1, settings);
      expect(await messageOf(client)).toMatch(/^PVE 9\.\S+ at 127/);
      const { users } = slow.sim.world.access;
      const entry = users[user];
      if (entry === undefined) throw new Error('there is no user');
      entry.enabled = false;
      const since = slow.sim.clock.now();
      const message = await until(
        async () => await messageOf(client),
        (one) => !one.startsWith('PVE 9.'),
      );
      expect(slow.sim.clock.now() - since).toBeLessThan(40_000);
      expect(message).toMatch(/^PVE at 127\S+ refuses our credentials \("/);
      expect(await outcomeOf(client.describe({ id: '100' }))).toMatchObject({
        kind: expect.stringMatching(/ok|unauth/),
      });
      expect(await outcomeOf(client.delete({ id: '100' }))).toMatchObject({
        kind: 'unauthenticated',
        message: expect.stringMatching(/PVE refuses our credentials .* Renew the credentials/),
      });
      const asked = lastRequest(slow.sim);
      for (let round = 0; round < 5; round++) await outcomeOf(client.power({ id: '101', op: PowerOp.ON }));
      expect(requestsSince(slow.sim, asked).length).toBeLessThanOrEqual(2);
      entry.enabled = true;
      await until(
        async () => await messageOf(client),
        (one) => one.startsWith('PVE 9.'),
      );
      await end();
    },
  );

  it('A4 Validate tells what a token lacks that PVE lets in all the same', async () => {
    const bare = addToken(slow.sim, 'bare');
    const { acl } = slow.sim.world.access;
    const settings = { PVE_TOKEN_ID: bare.token_id, PVE_TOKEN_SECRET: bare.token_secret };
    slow.sim.world.access.acl = acl.filter(({ subject }) => subject !== bare.token_id);
    const none = await slow.another(1, settings);
    expect(await messageOf(none.client)).toMatch(/^PVE 9\.\S+ at \S+, but we have no privileges there: grant/);
    slow.sim.world.access.acl = acl.filter(({ subject, path }) => subject !== bare.token_id || path !== '/');
    const some = await slow.another(1, settings);
    expect(await messageOf(some.client)).toMatch(/^PVE 9\.\S+ at \S+, but without Sys\.Audit on \/ no VM/);
    await Promise.all([none.end(), some.end()]);
  });

  it('A4 Validate tells within seconds that nobody answers, and stays true', async () => {
    const { client, end } = await slow.another(1);
    expect(await messageOf(client)).toMatch(/^PVE 9\./);
    await slow.sim.setDaemon('pve2', 'api', 'stopped');
    await until(
      async () => await messageOf(client),
      (one) => /^no answer from PVE at .*ECONNREFUSED/.test(one),
    );
    await slow.sim.setDaemon('pve2', 'api', 'running');
    await until(
      async () => await messageOf(client),
      (one) => one.startsWith('PVE 9.'),
    );
    await end();
  });
});

describe('A5', () => {
  it('A5 credentials follow their files: token to token to password and back, each named once PVE has taken it', async () => {
    const two = addToken(flow.sim, 'two');
    const three = addToken(flow.sim, 'three');
    const secret = mountSecret(two);
    const from = flow.log.length;
    const { client, end } = await flow.another(0, fromFolder(secret));
    const isUsed = async (who: string): Promise<void> => {
      await until(
        async () => await messageOf(client),
        () =>
          linesSince(from, /INFO Authenticated/)
            .at(-1)
            ?.includes(`=${who} `) === true,
      );
      removeToken(flow.sim, two.token_id);
      const since = lastRequest(flow.sim);
      await client.describe({ id: '100' });
      await client.power({ id: '100', op: PowerOp.ON });
      expect(new Set(flow.sim.journal.after(since).map((entry) => entry.user))).toEqual(new Set([who]));
    };
    secret.mount({ username: `${user}\n`, password: `${PASSWORD}\n` });
    await isUsed(user);
    secret.mount(three);
    await isUsed(three.token_id);
    expect(linesSince(from, /INFO Authenticated/).map((line) => /(token|user)=\S+/.exec(line)?.[0])).toEqual([
      `token=${two.token_id}`,
      `user=${user}`,
      `token=${three.token_id}`,
    ]);
    await end();
    secret.remove();
  });

  it('A5 half a pair, or none, leaves the old ones in use, with a warning', async () => {
    const four = addToken(flow.sim, 'four');
    const secret = mountSecret(four);
    const from = flow.log.length;
    const { client, end } = await flow.another(0, fromFolder(secret));
    for (const texts of [{ token_id: four.token_id }, { username: user }, {}]) {
      const before = linesSince(from, /not reloaded/).length;
      secret.mount(texts);
      await until(
        async () => await messageOf(client),
        () => linesSince(from, /not reloaded/).length > before,
      );
      expect(await client.power({ id: '100', op: PowerOp.ON })).toMatchObject({});
    }
    expect(linesSince(from, /not reloaded/)).toEqual([
      expect.stringMatching(/^WARN Credentials not reloaded, the old ones stay error="\S+token_secret is missing, /),
      expect.stringMatching(/password is missing, its other half is set/),
      expect.stringMatching(/set PVE_TOKEN_ID and PVE_TOKEN_SECRET/),
    ]);
    await end();
    secret.remove();
  });
});

describe('A7', () => {
  it('A7 how often a task is looked at, and how long it is waited for, are settings', async () => {
    const looks = async (settings: Record<string, string>, name: string): Promise<{ looks: number; task: boolean }> => {
      const { client, end } = await flow.another(0, settings);
      const since = lastRequest(flow.sim);
      const { task } = await client.create(createRequest({ name, image: { TemplateName: 'ubuntu-22-template' } }));
      const polls = flow.sim.journal.after(since).filter(({ path }) => /UPID:.*:qmclone:.*\/status$/.test(path));
      await end();
      return { looks: polls.length, task: task !== undefined };
    };
    const often = await looks({ PVE_TASK_POLL_INTERVAL: '200ms' }, 'often-looked');
    const seldom = await looks({ PROVIDER_TASK_POLL_INTERVAL: '30s' }, 'seldom-looked');
    expect(often.task).toBe(false);
    expect(often.looks).toBeGreaterThan(seldom.looks);
    expect(await looks({ PVE_TASK_TIMEOUT: '1s' }, 'not-waited-for')).toMatchObject({ task: true });
  });
});

describe('no secret', () => {
  it('A1 A5 is in any line of the log', () => {
    const { tokens } = flow.sim.world.access;
    const secrets = [PASSWORD.trim(), encodeURIComponent(PASSWORD), 'CSRF', 'PVEAuthCookie', 'PVEAPIToken=', 'PVE:'];
    const all = [...secrets, ...Object.values(tokens).map(({ secret }) => secret)];
    const log = flow.log.join('');
    expect(log.length).toBeGreaterThan(10_000);
    expect(all.filter((secret) => log.includes(secret))).toEqual([]);
  });
});
