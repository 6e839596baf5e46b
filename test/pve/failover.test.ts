import { describe, expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import { createLogger } from '#runtime/log';
import { createClusterIdentity } from '#pve/cluster/identity';
import { type Endpoint, parseEndpoint } from '#pve/connection/endpoint';
import { PveError, PveNoAnswer } from '#pve/errors';
import { startSimulator } from '#pve-sim/simulator';
import { tokenAuthenticator } from '#pve/connection/authenticate';
import { call, connectTo, failureOf, type ScriptedPve, startScriptedPve, type Step } from './scripted-pve.ts';

// Several endpoints, and what is asked on a new connection before anything else.

const identity = () => createClusterIdentity({ mayBeUnknown: false });
const status: Step = [
  'GET /cluster/status',
  {
    data: [
      { type: 'cluster', name: 'sim', quorate: 1 },
      { type: 'node', name: 'pve1', online: 1, local: 1 },
    ],
  },
];

function endpoint(url: string): Endpoint {
  const parsed = parseEndpoint(url);
  if (parsed === undefined) throw new Error(`${url} is no endpoint`);
  return parsed;
}

/** Nobody listens there. */
const NOBODY = 'http://127.0.0.1:1';

async function withTwo<T>(
  scripts: readonly [readonly Step[], readonly Step[]],
  act: (pve: ReturnType<typeof connectTo>, servers: readonly [ScriptedPve, ScriptedPve]) => Promise<T>,
): Promise<void> {
  const servers = [await startScriptedPve(scripts[0]), await startScriptedPve(scripts[1])] as const;
  const pve = connectTo(servers[0].url, { others: [endpoint(servers[1].url)], cluster: identity() });
  await act(pve, servers);
  await servers[0].finish();
  await servers[1].finish();
  await pve.close();
}

describe('a request', () => {
  test('that could not be sent goes to the next endpoint at once, a write too', async () => {
    const server = await startScriptedPve([status, ['POST /nodes/pve1/qemu/100/status/start', { data: 'x' }]]);
    const pve = connectTo(NOBODY, { others: [endpoint(server.url)], cluster: identity() });
    expect(await pve.post('/nodes/pve1/qemu/100/status/start', call())).toBe('x');
    expect(pve.endpoint.origin).toBe(server.url);
    await server.finish();
    await pve.close();
  });

  test('that may have been carried out is not repeated; the next one goes to the next endpoint', async () => {
    const start = '/nodes/pve1/qemu/100/status/start';
    const scripts = [
      [status, [`POST ${start}`, 'cut']],
      [status, ['GET /version', { data: 1 }]],
    ] as const;
    await withTwo(scripts, async (pve, [, second]) => {
      const error = await failureOf(pve.post(start, call()));
      expect(error).toBeInstanceOf(PveNoAnswer);
      expect(error).toMatchObject({ outcome: 'unknown' });
      expect(await pve.get('/version', call())).toBe(1);
      expect(pve.endpoint.origin).toBe(second.url);
    });
  });

  test('that PVE refuses stays where it was refused', async () => {
    const scripts = [[status, ['GET /version', { status: 501, reason: 'no' }]], []] as const;
    await withTwo(scripts, async (pve, [first]) => {
      expect(await failureOf(pve.get('/version', call()))).toBeInstanceOf(PveError);
      expect(pve.endpoint.origin).toBe(first.url);
    });
  });

  test('passes over an endpoint that cannot show which cluster it belongs to', async () => {
    const refusal: Step = ['GET /cluster/status', { status: 401, reason: 'authentication failure' }];
    await withTwo([[refusal], [status, ['GET /version', { data: 1 }]]], async (pve, [, second]) => {
      expect(await pve.get('/version', call())).toBe(1);
      expect(pve.endpoint.origin).toBe(second.url);
    });
  });
});

describe('an endpoint', () => {
  test('that lets a caller’s time run out is kept where the others are known to be of no use', async () => {
    const start = '/nodes/pve1/qemu/100/status/start';
    const server = await startScriptedPve([status, [`POST ${start}`, 'silence'], status]);
    const pve = connectTo(server.url, { others: [endpoint(NOBODY)], cluster: identity(), clock: createClock() });
    await pve.visitOthers();
    const write = pve.post(start, deadlineIn(3_200));
    expect(await failureOf(write)).toMatchObject({ outcome: 'unknown', code: 'deadline' });
    expect(pve.endpoint.origin).toBe(server.url);
    await pve.close();
    await server.finish();
  });

  test('that could not be asked is named, also where the time is over at the next', async () => {
    const silent = await startScriptedPve([['GET /cluster/status', 'silence']]);
    const pve = connectTo(NOBODY, { others: [endpoint(silent.url)], cluster: identity() });
    const refusal = { code: 'ECONNREFUSED', outcome: 'not-sent', endpoint: '127.0.0.1:1' };
    expect(await failureOf(pve.get('/version', deadlineIn(500)))).toMatchObject(refusal);
    await silent.finish();
    await pve.close();
  });

  test('that alone refuses the credentials is told of once, and the others not again', async () => {
    const refusal: Step = ['GET /cluster/status', { status: 401, reason: 'authentication failure' }];
    const first = await startScriptedPve([refusal, refusal]);
    const version: Step = ['GET /version', { data: 1 }];
    const second = await startScriptedPve([status, version, version]);
    const lines: string[] = [];
    const log = createLogger({ write: (line) => void lines.push(line.slice(25)) });
    const pve = connectTo(first.url, { others: [endpoint(second.url)], cluster: identity(), log });
    await pve.get('/version', call());
    await pve.visitOthers();
    await pve.get('/version', call());
    expect(lines.filter((line) => /credentials|Authenticated/.test(line))).toEqual([
      expect.stringMatching(/^WARN PVE refuses the credentials .*authentication failure/),
      expect.stringMatching(/^INFO Authenticated to PVE /),
    ]);
    expect(lines.join('')).toMatch(/Another PVE endpoint is used .*not proven: authentication failure/);
    await pve.close();
    await first.finish();
    await second.finish();
  });
});

describe('a write that does harm without quorum', () => {
  const statusOf = (quorate: number): Step => [
    'GET /cluster/status',
    {
      data: [
        { type: 'cluster', name: 'sim', quorate },
        { type: 'node', name: 'pve1', online: 1, local: 1 },
      ],
    },
  ];
  const destroy = '/nodes/pve1/qemu/100';

  test('goes to one that has quorum, past one that has not', async () => {
    const servers = [
      await startScriptedPve([statusOf(0)]),
      await startScriptedPve([statusOf(1), [`DELETE ${destroy}`, { data: 'x' }]]),
    ];
    const pve = connectTo(NOBODY, {
      others: servers.map(({ url }) => endpoint(url)),
      cluster: identity(),
      clock: createClock(),
    });
    expect(await pve.delete(destroy, call())).toBe('x');
    expect(pve.endpoint.origin).toBe(servers[1]?.url);
    for (const server of servers) await server.finish();
    await pve.close();
  });

  test('is not sent where none has, but one that does no harm is', async () => {
    const stop = `POST ${destroy}/status/stop`;
    const server = await startScriptedPve([
      statusOf(0),
      [stop, { data: 'x' }],
      statusOf(0),
      statusOf(1),
      [`DELETE ${destroy}`, { data: 'y' }],
    ]);
    const options = { others: [endpoint(server.url)], cluster: identity(), clock: createClock() };
    const pve = connectTo(NOBODY, options);
    expect(await pve.post(`${destroy}/status/stop`, call())).toBe('x');
    const refusal = {
      outcome: 'not-sent',
      code: 'no-quorum',
      message: expect.stringContaining('has no quorum') as string,
    };
    expect(await failureOf(pve.delete(destroy, call()))).toMatchObject(refusal);
    expect(await pve.delete(destroy, call())).toBe('y');
    await server.finish();
    await pve.close();
  });
});

describe('a new connection', () => {
  test('is asked which cluster it leads to; one that stands is not', async () => {
    const twice: Step[] = [
      ['GET /version', { data: 1 }],
      ['GET /version', { data: 2 }],
    ];
    const server = await startScriptedPve([
      status,
      ...twice,
      ['GET /nodes', 'cut'],
      status,
      ['GET /nodes', { data: [] }],
    ]);
    const pve = connectTo(server.url, { cluster: identity() });
    expect([await pve.get('/version', call()), await pve.get('/version', call())]).toEqual([1, 2]);
    await pve.get('/nodes', call());
    await server.finish();
    await pve.close();
  });

  test('that may not say so any more is not used', async () => {
    const forbidden: Step = ['GET /cluster/status', { status: 403, reason: 'Permission check failed (/, Sys.Audit)' }];
    const server = await startScriptedPve([status, ['GET /version', 'cut'], forbidden]);
    const cluster = createClusterIdentity({ mayBeUnknown: true });
    const pve = connectTo(server.url, { cluster });
    expect(await failureOf(pve.get('/version', call()))).toMatchObject({ status: 403 });
    await server.finish();
    await pve.close();
  });

  test('by TLS to a host of PVE’s own certificate is asked once for all', async () => {
    const sim = await startSimulator({ port: 0 });
    const url = sim.nodes[0]?.url ?? '';
    const pve = connectTo(url, {
      ca: sim.ca,
      cluster: identity(),
      authenticator: tokenAuthenticator(sim.token.id, sim.token.secret),
    });
    await pve.get('/version', call());
    await Promise.all(Array.from({ length: 3 }, async () => await pve.get('/version', call())));
    expect(sim.journal.entries.map(({ path }) => path)).toEqual(['/cluster/status', ...Array(4).fill('/version')]);
    await pve.close();
    await sim.stop();
  });
});
