import { describe, expect, test } from 'vitest';
import { createAuthenticator, tokenAuthenticator } from '#pve/connection/authenticate';
import type { ConnectOptions } from '#pve/connection/connect';
import { type Credentials, type CredentialsSupply, unchanging } from '#pve/connection/credentials';
import { PveError, PveNoAnswer } from '#pve/errors';
import { type Clock, createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { call, failureOf, type Reply, type SeenRequest, type Step, withScript } from './scripted-pve.ts';

// What is shown to PVE with each request: tickets, tokens, and what happens when they are no good.

const LOGIN = 'POST /access/ticket';
const VERSION = 'GET /version';
const START = 'POST /nodes/pve1/qemu/100/status/start';
const TICKET = 'PVE:me@pve:65A0B1C2::abc+/=d';
const HOUR_MS = 3_600_000;

const password: Credentials = { kind: 'password', username: 'me@pve', password: 'hush hush', from: 'test' };
const granted = (ticket = TICKET): Reply => ({ data: { username: 'me@pve', ticket, CSRFPreventionToken: 'c:1' } });
const refused = { status: 401, reason: 'authentication failure', body: '{"data":null,"message":"x\\n"}' };
const noTicket = { status: 401, reason: 'permission denied - invalid PVE ticket', body: '' };

const as = (credentials: Credentials): Partial<ConnectOptions> => ({
  authenticator: createAuthenticator(unchanging(credentials)),
});

/** A clock that goes as fast as real time, and further when it is told. */
function movableClock(): Clock & { pass(ms: number): void } {
  const clock = createClock();
  let ahead = 0;
  return { ...clock, now: () => clock.now() + ahead, pass: (ms) => void (ahead += ms) };
}

/** Who each request said it came from. */
const shown = (seen: readonly SeenRequest[]) =>
  seen.map(({ line, headers }) => [
    line.replace(/\/nodes.*/, '/start'),
    headers.cookie,
    headers['csrfpreventiontoken'],
  ]);

describe('a session', () => {
  test('begins with a login, is shown as a cookie, and with writes as a token too', async () => {
    const steps: Step[] = [
      [LOGIN, granted()],
      [VERSION, { data: 1 }],
      [START, { data: 'UPID' }],
    ];
    await withScript(
      steps,
      async (pve, { seen }) => {
        await pve.get('/version', call());
        await pve.post('/nodes/pve1/qemu/100/status/start', call());
        const cookie = `PVEAuthCookie=${encodeURIComponent(TICKET)}`;
        expect(shown(seen)).toEqual([
          [LOGIN, undefined, undefined],
          [VERSION, cookie, undefined],
          ['POST /start', cookie, 'c:1'],
        ]);
        expect(seen[0]?.body).toBe('username=me%40pve&password=hush%20hush');
      },
      as(password),
    );
  });

  test('is begun once for all who need it', async () => {
    const steps: Step[] = [[LOGIN, granted()], ...Array.from({ length: 5 }, (): Step => [VERSION, { data: 1 }])];
    await withScript(
      steps,
      async (pve) => void (await Promise.all([1, 2, 3, 4, 5].map(async () => await pve.get('/version', call())))),
      as(password),
    );
  });

  test.each([
    [
      'a read',
      VERSION,
      async (pve: Parameters<Parameters<typeof withScript>[1]>[0]) => await pve.get('/version', call()),
    ],
    [
      'a write',
      START,
      async (pve: Parameters<Parameters<typeof withScript>[1]>[0]) =>
        await pve.post('/nodes/pve1/qemu/100/status/start', call()),
    ],
  ])('that has ended is begun anew for %s, once', async (_what, request, send) => {
    const steps: Step[] = [
      [LOGIN, granted('old')],
      [request, { data: 1 }],
      [request, noTicket],
      [LOGIN, granted('new')],
      [request, { data: 2 }],
      [request, noTicket],
      [LOGIN, granted('newer')],
      [request, noTicket],
    ];
    await withScript(
      steps,
      async (pve, { seen }) => {
        expect([await send(pve), await send(pve)]).toEqual([1, 2]);
        expect(await failureOf(send(pve))).toMatchObject({
          status: 401,
          reason: 'permission denied - invalid PVE ticket',
        });
        const cookies = seen.flatMap(({ headers }) => headers.cookie ?? []);
        expect(cookies.map((cookie) => cookie.replace('PVEAuthCookie=', ''))).toEqual([
          'old',
          'old',
          'new',
          'new',
          'newer',
        ]);
      },
      as(password),
    );
  });

  test('is begun anew once for all whose ticket was refused', async () => {
    const steps: Step[] = [
      [LOGIN, granted('old')],
      [VERSION, { data: 1 }],
      [VERSION, noTicket],
      [VERSION, noTicket],
      [LOGIN, granted('new')],
      [VERSION, { data: 2 }],
      [VERSION, { data: 2 }],
    ];
    await withScript(
      steps,
      async (pve) => {
        await pve.get('/version', call());
        const both = await Promise.all([pve.get('/version', call()), pve.get('/version', call())]);
        expect(both).toEqual([2, 2]);
      },
      as(password),
    );
  });

  test('is renewed after an hour; while that fails the old ticket is used', async () => {
    const clock = movableClock();
    const steps: Step[] = [
      [LOGIN, granted('old')],
      [VERSION, { data: 1 }],
      [VERSION, { data: 2 }],
      [LOGIN, refused],
      [VERSION, { data: 3 }],
      [VERSION, { data: 4 }],
      [LOGIN, { status: 500, reason: 'no' }],
      [VERSION, { data: 5 }],
      [LOGIN, granted('new')],
      [VERSION, { data: 6 }],
    ];
    await withScript(
      steps,
      async (pve, { seen }) => {
        for (const ms of [0, HOUR_MS - 10_000, 20_000, 10_000, 60_000, 60_000]) {
          clock.pass(ms);
          await pve.get('/version', call());
        }
        expect(seen.at(-1)?.headers.cookie).toBe('PVEAuthCookie=new');
        expect(seen.at(-3)?.headers.cookie).toBe('PVEAuthCookie=old');
      },
      { ...as(password), clock },
    );
  });

  test.each<[string, Reply, string]>([
    ['an error', { status: 500, reason: 'no' }, 'login-500'],
    ['a gateway’s own answer', { status: 502, reason: 'Bad Gateway' }, '502'],
    ['a gateway without such a path', { status: 404, reason: 'Not Found' }, 'not-pve'],
    ['a page that is not PVE’s', { status: 200, reason: 'OK', body: '<html>' }, 'not-pve'],
    ['a cut connection', 'cut', 'ECONNRESET'],
  ])('that cannot begin (%s) leaves the request unsent', async (_what, reply, code) => {
    const isPassing = ['ECONNRESET', '502'].includes(code);
    await withScript(
      Array.from({ length: isPassing ? 4 : 1 }, (): Step => [LOGIN, reply]),
      async (pve) => {
        const error = await failureOf(pve.post('/nodes/pve1/qemu/100/status/start', call()));
        expect(error).toBeInstanceOf(PveNoAnswer);
        expect(error).toMatchObject({ outcome: 'not-sent', code });
      },
      as(password),
    );
  });

  test('whose tickets are never taken is not begun again and again', async () => {
    await withScript(
      [
        [LOGIN, granted()],
        [VERSION, noTicket],
      ],
      async (pve) => {
        for (let round = 0; round < 3; round++) {
          expect(await failureOf(pve.get('/version', call()))).toMatchObject({ status: 401, reason: noTicket.reason });
        }
      },
      as(password),
    );
  });

  test('is refused to a user with a second factor, with the remedy', async () => {
    await withScript(
      [[LOGIN, { data: { NeedTFA: 1, ticket: 'PVE:!tfa!x', CSRFPreventionToken: 'c:1', username: 'me@pve' } }]],
      async (pve) => {
        const error = await failureOf(pve.get('/version', call()));
        expect(error).toMatchObject({ status: 401, reason: expect.stringMatching(/second factor.*use an API token/) });
      },
      as(password),
    );
  });
});

describe('credentials that PVE refuses', () => {
  const token: Credentials = { kind: 'token', id: 'me@pve!one', secret: 's', from: 'test' };

  test.each<[string, Credentials, string]>([
    ['a password', password, LOGIN],
    ['a token', token, VERSION],
  ])('are not shown again for 10 s (%s)', async (_what, credentials, request) => {
    const clock = movableClock();
    await withScript(
      [
        [request, refused],
        [request, refused],
      ],
      async (pve, { seen }) => {
        for (const [ms, requests] of [
          [0, 1],
          [9_000, 1],
          [2_000, 2],
        ] as const) {
          clock.pass(ms);
          const error = await failureOf(pve.get('/version', call()));
          expect(error).toBeInstanceOf(PveError);
          expect(error).toMatchObject({ status: 401, reason: 'authentication failure', path: '/version' });
          expect(seen).toHaveLength(requests);
        }
      },
      { ...as(credentials), clock },
    );
  });

  test.each<[string, Credentials, Credentials, Step[]]>([
    ['a token after a token', token, { ...token, id: 'me@pve!two' }, [[VERSION, { data: 2 }]]],
    [
      'a password after a token',
      token,
      password,
      [
        [LOGIN, granted()],
        [VERSION, { data: 2 }],
      ],
    ],
  ])('give way at once to new ones: %s', async (_what, first, second, steps) => {
    let next: Credentials | undefined;
    const supply = supplyOf(first, () => next);
    const lines: string[] = [];
    const log = createLogger({ level: 'debug', write: (line) => void lines.push(line) });
    await withScript(
      [[VERSION, refused], ...steps],
      async (pve) => {
        await failureOf(pve.get('/version', call()));
        next = second;
        expect(await pve.get('/version', call())).toBe(2);
        const told = lines.filter((line) => / (INFO|WARN) /.test(line)).map((line) => line.slice(25));
        expect(told).toEqual([
          expect.stringMatching(/^WARN PVE refuses the credentials token=me@pve!one .*error="authentication failure"/),
          expect.stringMatching(/^INFO Authenticated to PVE (token=me@pve!two|user=me@pve) /),
        ]);
      },
      { authenticator: createAuthenticator(supply), log },
    );
  });

  test('that were replaced while they were on their way: the request is repeated with the new ones', async () => {
    let next: Credentials | undefined;
    const supply = supplyOf(token, () => next);
    await withScript(
      [
        [START, refused],
        [START, { data: 'UPID' }],
      ],
      async (pve, { seen }) => {
        const answer = pve.post('/nodes/pve1/qemu/100/status/start', call());
        next = { ...token, secret: 'fresh' };
        expect(await answer).toBe('UPID');
        expect(seen.map(({ headers }) => headers.authorization)).toEqual([
          'PVEAPIToken=me@pve!one=s',
          'PVEAPIToken=me@pve!one=fresh',
        ]);
      },
      { authenticator: createAuthenticator(supply) },
    );
  });
});

describe('a token', () => {
  test('may have any characters', async () => {
    await withScript(
      [[VERSION, { data: 1 }]],
      async (pve, { seen }) => {
        await pve.get('/version', call());
        const value = seen[0]?.headers.authorization ?? '';
        expect(value).toBe('PVEAPIToken=%C3%BC%25;x@ldap!one=a%20b=c+d&e:f'.replace(';', '%3B'));
        expect(decodeURIComponent(value)).toBe('PVEAPIToken=ü%;x@ldap!one=a b=c+d&e:f');
      },
      { authenticator: tokenAuthenticator('ü%;x@ldap!one', 'a b=c+d&e:f') },
    );
  });
});

/** Credentials that change as soon as somebody looks. */
function supplyOf(first: Credentials, next: () => Credentials | undefined): CredentialsSupply {
  let current = first;
  return { current: () => current, look: () => void (current = next() ?? current), stop: () => undefined };
}
