// Logging in: tickets, their life and their keys, CSRF tokens, second factors (pve-behaviour 4, recordings one-node/01 to 03).
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { totpAt } from '#pve-sim/access/second-factors';
import { ageSigningKey } from '#pve-sim/access/signature';
import { issueCredentials, issueVncTicket } from '#pve-sim/access/tickets';
import { type Simulator, startSimulator } from '#pve-sim/simulator';

const PASSWORD = 'correct-horse-1';
const SECRET = 'JBSWY3DPEHPK3PXP';
const HOUR_S = 3600;

let simulator: Simulator;
let dispatcher: Agent;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50 });
  dispatcher = new Agent({ connect: { ca: simulator.ca } });
  const { users, acl } = simulator.world.access;
  users['ann@pve'] = { enabled: true, password: PASSWORD };
  users['bea@pve'] = {
    enabled: true,
    password: PASSWORD,
    secondFactors: [
      { id: 'phone', type: 'totp', description: 'phone', created: 1, enabled: true, secret: SECRET },
      { id: 'recovery', type: 'recovery', description: '', created: 1, enabled: true, codes: ['aa-11', 'bb-22'] },
    ],
  };
  users['gone@pve'] = { enabled: false, password: PASSWORD };
  users['old@pve'] = { enabled: true, password: PASSWORD, expire: 1_000_000_000 };
  acl.push({ path: '/vms', subject: 'ann@pve', role: 'PVEVMUser', propagate: true });
});

afterAll(async () => {
  await dispatcher.close();
  await simulator.stop();
});

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
}

async function ask(path: string, { method = 'GET', headers = {}, form }: Asked = {}) {
  const body = form === undefined ? null : new URLSearchParams(form).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const url = `${simulator.nodes[0]?.url ?? ''}/api2/json${path}`;
  const answer = await request(url, { method, dispatcher, headers: { ...headers, ...type }, body });
  const text = await answer.body.text();
  const data = text === '' ? undefined : ((JSON.parse(text) as { data: unknown }).data as Record<string, unknown>);
  return { status: answer.statusCode, reason: answer.statusText, data, text };
}

const login = async (form: Readonly<Record<string, string>>) => await ask('/access/ticket', { method: 'POST', form });
const cookie = (ticket: unknown): Record<string, string> => ({
  cookie: `PVEAuthCookie=${encodeURIComponent(String(ticket))}`,
});
const version = async (headers: Readonly<Record<string, string>>) => await ask('/version', { headers });
const FAILURE = { status: 401, reason: 'authentication failure' };
const NO_GOOD = { status: 401, reason: 'Authentication failed!', text: '' };

describe('a login', () => {
  test('gives a ticket and a CSRF token of PVE’s form, and says what the user may do', async () => {
    const { data } = await login({ username: 'ann@pve', password: PASSWORD });
    expect(data).toMatchObject({
      username: 'ann@pve',
      ticket: expect.stringMatching(/^PVE:ann@pve:[0-9A-F]{8}::[A-Za-z0-9+/]{342}==$/) as unknown,
      CSRFPreventionToken: expect.stringMatching(/^[0-9A-F]{8}:[A-Za-z0-9+/]{43}$/) as unknown,
      cap: { access: {}, dc: {}, nodes: {}, vms: { 'VM.Audit': 1, 'VM.Console': 1 } },
    });
    expect(data).not.toHaveProperty('clustername');
    expect(data).not.toHaveProperty('NeedTFA');
  });

  test('names the cluster to those who may audit it', async () => {
    const { ticket } = issueCredentials(simulator.sim, 'root@pam');
    expect((await login({ username: 'root@pam', password: ticket })).data).toMatchObject({ clustername: 'sim' });
  });

  test.each([
    ['a wrong password', { username: 'ann@pve', password: 'wrong' }],
    ['no password', { username: 'ann@pve', password: '' }],
    ['nobody of that name', { username: 'nobody@pve', password: PASSWORD }],
    ['no realm', { username: 'ann', password: PASSWORD }],
    ['a disabled user', { username: 'gone@pve', password: PASSWORD }],
    ['an expired user', { username: 'old@pve', password: PASSWORD }],
    ['a user without a password', { username: 'virtrigaud@pve', password: '' }],
  ])('of %s fails without saying why', async (_, form) => {
    const { status, reason, text } = await login(form);
    expect({ status, reason }).toEqual(FAILURE);
    expect(text).toBe('{"data":null,"message":"authentication failure\\n"}');
  });

  test('renews a ticket with itself; only root’s opens for others', async () => {
    const { ticket: own } = issueCredentials(simulator.sim, 'ann@pve', 7100);
    const { ticket: root } = issueCredentials(simulator.sim, 'root@pam');
    expect(await login({ username: 'ann@pve', password: own })).toMatchObject({ status: 200 });
    expect(await login({ username: 'ann@pve', password: root })).toMatchObject({ data: { username: 'ann@pve' } });
    expect(await login({ username: 'root@pam', password: own })).toMatchObject(FAILURE);
  });

  test('can prove rights instead, and then makes no ticket', async () => {
    const proof = { username: 'ann@pve', password: PASSWORD, path: '/vms/100' };
    const { data } = await login({ ...proof, privs: 'VM.Audit,VM.Console' });
    expect(data).toMatchObject({ username: 'ann@pve' });
    expect(data).not.toHaveProperty('ticket');
    expect(await login({ ...proof, privs: 'VM.Audit,VM.Allocate' })).toMatchObject(FAILURE);
    expect(await login({ ...proof, password: 'wrong', privs: 'VM.Audit' })).toMatchObject(FAILURE);
  });

  test('is refused to a request that carries a token', async () => {
    const { id, secret } = simulator.rootToken;
    const headers = { authorization: `PVEAPIToken=${id}=${secret}` };
    const reply = await ask('/access/ticket', { method: 'POST', headers, form: { username: 'x', password: 'y' } });
    expect(reply.status).toBe(403);
    expect(reply.reason).toContain("URI '/access/ticket' not available with API token");
  });
});

describe('a ticket', () => {
  const minted = (ageSeconds: number): string => issueCredentials(simulator.sim, 'ann@pve', ageSeconds).ticket;

  test.each([
    ['as a cookie', (ticket: string) => cookie(ticket)],
    ['as a cookie that is not escaped', (ticket: string) => ({ cookie: `other=1; PVEAuthCookie=${ticket}` })],
    ['in an Authorization header', (ticket: string) => ({ authorization: `PVEAuthCookie=${ticket}` })],
  ])('counts %s', async (_, headers) => {
    expect(await version(headers(minted(0)))).toMatchObject({ status: 200 });
  });

  test('lives for two hours, and a clock may be five minutes ahead', async () => {
    expect(await version(cookie(minted(7190)))).toMatchObject({ status: 200 });
    expect(await version(cookie(minted(7210)))).toMatchObject(NO_GOOD);
    expect(await version(cookie(minted(-290)))).toMatchObject({ status: 200 });
    expect(await version(cookie(minted(-310)))).toMatchObject(NO_GOOD);
  });

  test('outlives the day of the key that signed it, but no new key vouches for what is older than itself', async () => {
    const before = minted(HOUR_S);
    ageSigningKey(simulator.sim, 25);
    const old = simulator.world.access.signingKey.generation;
    expect(await version(cookie(before))).toMatchObject({ status: 200 });
    expect(simulator.world.access.signingKey.generation).toBe(old + 1);
    ageSigningKey(simulator.sim, 0.5);
    expect(await version(cookie(minted(HOUR_S)))).toMatchObject(NO_GOOD);
    ageSigningKey(simulator.sim, 12);
    expect(await version(cookie(before))).toMatchObject(NO_GOOD);
  });

  test('is no good when it was changed, or its user is no more', async () => {
    const ticket = minted(0);
    expect(await version(cookie(ticket.replace('ann@', 'root@')))).toMatchObject(NO_GOOD);
    expect(await version(cookie(`${ticket.slice(0, 60)}A${ticket.slice(61)}`))).toMatchObject(NO_GOOD);
    const ann = simulator.world.access.users['ann@pve'];
    if (ann === undefined) throw new Error('ann is not there');
    ann.enabled = false;
    expect(await version(cookie(ticket))).toMatchObject(NO_GOOD);
    ann.enabled = true;
    expect(await version(cookie(ticket))).toMatchObject({ status: 200 });
  });
});

describe('a write with a ticket', () => {
  const write = async (headers: Readonly<Record<string, string>>) =>
    await ask('/nodes/pve1/qemu/555/status/start', { method: 'POST', headers });
  const REFUSED = { status: 401, reason: 'Permission denied - invalid csrf token', text: '' };

  test('needs its user’s CSRF token of the last two hours', async () => {
    const { ticket, csrf } = issueCredentials(simulator.sim, 'ann@pve');
    const bad = [
      undefined,
      issueCredentials(simulator.sim, 'bea@pve').csrf,
      issueCredentials(simulator.sim, 'ann@pve', 7300).csrf,
    ];
    expect(await write({ ...cookie(ticket), csrfpreventiontoken: csrf })).toMatchObject({ status: 200 });
    for (const token of bad) {
      const header = token === undefined ? {} : { csrfpreventiontoken: token };
      expect(await write({ ...cookie(ticket), ...header })).toMatchObject(REFUSED);
    }
  });
});

describe('a password', () => {
  const change = async (user: string, form: Readonly<Record<string, string>>) => {
    const { ticket, csrf } = issueCredentials(simulator.sim, user);
    const headers = { ...cookie(ticket), csrfpreventiontoken: csrf };
    return await ask('/access/password', { method: 'PUT', headers, form });
  };
  const passwordOf = (user: string): string | undefined => simulator.world.access.users[user]?.password;

  test('is changed by its owner, who confirms it, or by root', async () => {
    const form = { userid: 'ann@pve', password: 'another-one-1' };
    const unconfirmed = await change('ann@pve', form);
    expect(unconfirmed).toMatchObject({ status: 400 });
    expect(unconfirmed.text).toContain('"confirmation-password":"password is required to modify user"');
    expect(await change('ann@pve', { ...form, 'confirmation-password': 'wrong' })).toMatchObject({ status: 500 });
    expect(passwordOf('ann@pve')).toBe(PASSWORD);
    expect(await change('ann@pve', { ...form, 'confirmation-password': PASSWORD })).toMatchObject({ status: 200 });
    expect(passwordOf('ann@pve')).toBe('another-one-1');
    expect(await change('root@pam', { userid: 'ann@pve', password: PASSWORD })).toMatchObject({ status: 200 });
    expect(passwordOf('ann@pve')).toBe(PASSWORD);
  });

  test('of somebody else, and of root, is not', async () => {
    for (const userid of ['bea@pve', 'root@pam']) {
      const form = { userid, password: 'another-one-1', 'confirmation-password': PASSWORD };
      expect(await change('ann@pve', form)).toMatchObject({ status: 403, reason: 'Permission check failed' });
    }
  });

  test('cannot be changed with a token', async () => {
    const { id, secret } = simulator.rootToken;
    const headers = { authorization: `PVEAPIToken=${id}=${secret}` };
    const form = { userid: 'ann@pve', password: 'another-one-1' };
    expect(await ask('/access/password', { method: 'PUT', headers, form })).toMatchObject({ status: 403 });
  });
});

describe('a second factor', () => {
  const start = async () => (await login({ username: 'bea@pve', password: PASSWORD })).data ?? {};
  const finish = async (challenge: unknown, answer: string) =>
    await login({ username: 'bea@pve', password: answer, 'tfa-challenge': String(challenge) });

  test('is asked for, and until it is shown there is no ticket', async () => {
    const first = await start();
    expect(first).toMatchObject({ NeedTFA: 1, username: 'bea@pve' });
    expect(first['ticket']).toMatch(/^PVE:!tfa!\{"totp"%3Atrue,"recovery"%3A\[0,1\]\}:[0-9A-F]{8}::/);
    expect(first).not.toHaveProperty('cap');
    expect(await version(cookie(first['ticket']))).toMatchObject({ status: 401, reason: 'No ticket', text: '' });
    expect(await login({ username: 'bea@pve', password: String(first['ticket']) })).toMatchObject(FAILURE);
  });

  test('is shown by the code of the moment, once', async () => {
    const { ticket: challenge } = await start();
    const code = totpAt(SECRET, simulator.clock.now());
    expect(await finish(challenge, 'totp:000000x')).toMatchObject(FAILURE);
    const { data } = await finish(challenge, `totp:${code}`);
    expect(await version(cookie(data?.['ticket']))).toMatchObject({ status: 200 });
    expect(await finish(challenge, `totp:${code}`)).toMatchObject(FAILURE);
  });

  test('is a recovery code, which is then used up', async () => {
    const { ticket: challenge } = await start();
    expect(await finish(challenge, 'recovery:aa-11')).toMatchObject({ status: 200 });
    expect(await finish(challenge, 'recovery:aa-11')).toMatchObject(FAILURE);
    expect((await start())['ticket']).toContain('"recovery"%3A[1]');
  });

  test('counts for the user alone who was asked', async () => {
    const { ticket: challenge } = await start();
    const form = { username: 'ann@pve', password: 'recovery:bb-22', 'tfa-challenge': String(challenge) };
    expect(await login(form)).toMatchObject(FAILURE);
  });

  test('is listed for its user', async () => {
    const headers = cookie(issueCredentials(simulator.sim, 'bea@pve').ticket);
    const { data } = await ask('/access/tfa', { headers });
    expect(data).toEqual([
      {
        userid: 'bea@pve',
        entries: [
          { id: 'phone', type: 'totp', description: 'phone', created: 1 },
          { id: 'recovery', type: 'recovery', description: '', created: 1 },
        ],
      },
    ]);
    const others = await ask('/access/tfa', { headers: cookie(issueCredentials(simulator.sim, 'ann@pve').ticket) });
    expect(others.data).toEqual([]);
  });

  test('of RFC 6238 gives the code of its test vector', () => {
    expect(totpAt('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 59_000)).toBe('287082');
  });
});

test('a console’s ticket is good for whom and what it was made, for a short while', async () => {
  const verify = async (vncticket: string, path: string) =>
    await ask('/access/vncticket', {
      method: 'POST',
      form: { authid: 'ann@pve', path, privs: 'VM.Console', vncticket },
    });
  const ticket = issueVncTicket(simulator.sim, 'ann@pve', '/vms/100');
  expect(await verify(ticket, '/vms/100')).toMatchObject({ status: 200, data: null });
  expect(await verify(ticket, '/vms/101')).toMatchObject(FAILURE);
  expect(await verify(`${ticket}x`, '/vms/100')).toMatchObject(FAILURE);
});

describe('older versions', () => {
  test('say why credentials are no good', async () => {
    const old = await startSimulator({ cluster: 'one-node', profile: '8.1', timeScale: 50, tls: false });
    try {
      const { id, secret } = old.rootToken;
      const phrase = async (headers: Record<string, string>): Promise<string> =>
        (await request(`${old.nodes[0]?.url ?? ''}/api2/json/version`, { headers })).statusText;
      const token = (text: string) => ({ authorization: `PVEAPIToken=${text}` });
      expect(await phrase(token(`${id}=${secret.toUpperCase()}x`))).toBe('invalid token value!');
      expect(await phrase(token(`root@pam!none=${secret}`))).toBe("no such token 'none' for user 'root@pam'");
      expect(await phrase(token(`ghost@pve!t1=${secret}`))).toBe("no such user ('ghost@pve')");
      expect(await phrase(cookie('garbage'))).toBe('permission denied - invalid PVE ticket');
      expect(await phrase({})).toBe('No ticket');
      old.world.access.tokens[id] = { secret, privsep: false, expire: 1_000_000_000 };
      expect(await phrase(token(`${id}=${secret}`))).toBe("token 'sim' access expired");
    } finally {
      await old.stop();
    }
  });
});
