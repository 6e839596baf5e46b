// Task lists, logs and stops (pve-behaviour 6, 28.4, 28.11), and what other nodes are told of tasks.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { findWorker } from '#pve-sim/tasks/find-worker';
import type { TaskRecord } from '#pve-sim/world/world';
import { type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;
let other: PveClient;
const OTHER = { id: 'root@pam!other', secret: 'fa1b2a9e-0000-4000-8000-000000000000' };

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 20 });
  simulator.world.access.tokens[OTHER.id] = { secret: OTHER.secret, privsep: true };
  pve = pveClient(simulator);
  other = pveClient(simulator, { token: OTHER });
});

afterAll(async () => {
  await pve.close();
  await other.close();
  await simulator.stop();
});

const killWorker = (words: string): void => simulator.sim.tasks.kill(findWorker(simulator.world, words).upid);

/** A task with a log and an end of one's own. */
async function run(type: string, act: (log: (line: string) => void) => void): Promise<string> {
  const start = { node: 'pve', type, id: '9000', user: 'root@pam!sim' };
  const upid = simulator.sim.tasks.fork(start, async (worker) => act((line) => worker.log(line)));
  await simulator.sim.tasks.ended(upid);
  return upid;
}

const list = async (params: Record<string, string | number> = {}) => await pve.get('/nodes/pve/tasks', params);
const typesIn = async (params: Record<string, string | number>) => rowsOf(await list(params)).map(({ type }) => type);
const total = (text: string): unknown => (JSON.parse(text) as { total?: number }).total;

describe('the list of a node', () => {
  test('filters by what the tasks ended with, by type, user and time, and counts what fits', async () => {
    await run('qmstart', () => {});
    await run('qmstop', () => {
      throw new Error('it did not');
    });
    const warned = await run('qmtemplate', () => {});
    const record = simulator.world.tasks[warned] as TaskRecord;
    record.exitstatus = 'WARNINGS: 1';
    const killed = simulator.sim.tasks.fork(
      { node: 'pve', type: 'qmclone', id: '9000', user: 'root@pam!sim' },
      async (worker) => await worker.work(3_600_000),
    );
    expect(rowsOf(await list({ source: 'active' }))).toMatchObject([
      { upid: killed, status: 'RUNNING', saved: '0', user: 'root@pam!sim' },
    ]);
    killWorker('the clone of 9000');
    expect(await pve.exitOf(killed)).toBe('unexpected status');
    expect(await typesIn({ statusfilter: 'ok' })).toEqual(['qmstart']);
    expect(await typesIn({ statusfilter: 'error' })).toEqual(['qmstop']);
    expect(await typesIn({ statusfilter: 'warning' })).toEqual(['qmtemplate']);
    expect(await typesIn({ statusfilter: 'unknown,ok' })).toEqual(['qmclone', 'qmstart']);
    expect(await typesIn({ errors: 1 })).toEqual(['qmclone', 'qmstop']);
    expect(await typesIn({ typefilter: 'qmstart' })).toEqual(['qmstart']);
    expect(await typesIn({ userfilter: 'ROOT' })).toHaveLength(4);
    expect(await typesIn({ userfilter: 'nobody' })).toEqual([]);
    expect(await typesIn({ since: record.starttime + 1000 })).toEqual([]);
    expect(await typesIn({ until: record.starttime - 1000 })).toEqual([]);
    const second = await list({ start: 1, limit: 2 });
    expect(rowsOf(second)).toHaveLength(2);
    expect(total(second.text)).toBe(4);
    expect(total((await list({ vmid: 555 })).text)).toBeUndefined();
  });

  test('shows a token that may not audit its own tasks only, and nothing in the list of the cluster', async () => {
    await run('qmstart', () => {});
    const start = { node: 'pve', type: 'qmstop', id: '9000', user: OTHER.id };
    const own = simulator.sim.tasks.fork(start, async () => {});
    await simulator.sim.tasks.ended(own);
    expect(rowsOf(await other.get('/nodes/pve/tasks')).map(({ upid }) => upid)).toEqual([own]);
    expect(rowsOf(await other.get('/cluster/tasks'))).toEqual([]);
    expect(rowsOf(await pve.get('/cluster/tasks')).map(({ upid }) => upid)).toContain(own);
    const foreign = rowsOf(await list({ typefilter: 'qmstart' }))[0]?.['upid'];
    const refused = await other.get(`/nodes/pve/tasks/${String(foreign)}/log`);
    expect(refused.reason).toBe('Permission check failed (/nodes/pve, Sys.Audit)');
  });
});

describe('the list of the cluster', () => {
  test('says once that a task is saved with a number, from then on with text, and tells of 25 ended tasks', async () => {
    for (let count = 0; count < 30; count += 1) await run('qmreset', () => {});
    const last = await run('qmsuspend', () => {});
    const saved = async () => rowsOf(await pve.get('/cluster/tasks')).find(({ upid }) => upid === last)?.['saved'];
    expect(rowsOf(await pve.get('/cluster/tasks'))).toHaveLength(25);
    simulator.sim.tasks.broadcast('pve');
    expect(await saved()).toBe('1');
    // A round of the status daemon may come between, after which it is text.
    const savedOfNewer = async (): Promise<unknown> => {
      const newer = await run('qmresume', () => {});
      return rowsOf(await pve.get('/cluster/tasks')).find(({ upid }) => upid === newer)?.['saved'];
    };
    expect(await eventually(simulator.sim.clock, savedOfNewer, (word) => word === 1)).toBe(1);
  });
});

describe('a log', () => {
  test('is paged, has a total, and can be had as a file', async () => {
    const upid = await run('qmconfig', (log) => [1, 2, 3].forEach((line) => log(`line ${line}`)));
    const path = `/nodes/pve/tasks/${upid}/log`;
    const some = await pve.get(path, { start: 1, limit: 2 });
    expect(rowsOf(some)).toEqual([
      { n: 2, t: 'line 2' },
      { n: 3, t: 'line 3' },
    ]);
    expect(total(some.text)).toBe(4);
    expect(rowsOf(await pve.get(path, { start: 500 }))).toEqual([]);
    const file = await pve.get(path, { download: 1 });
    expect(file.headers['content-type']).toBe('text/plain');
    expect(file.text).toBe('line 1\nline 2\nline 3\nTASK OK\n');
    expect((await pve.get(path, { download: 1, limit: 5 })).reason).toBe(
      "'download' cannot be used together with 'start' or 'limit' parameters",
    );
  });

  test('of a task that the node does not know says so with 200', async () => {
    const log = await pve.get('/nodes/pve/tasks/UPID:pve:00000001:00000001:00000001:qmstart:1:root@pam:/log');
    expect(rowsOf(log)).toEqual([{ n: 1, t: 'unable to open file - No such file or directory' }]);
  });

  test('of a worker that has said nothing yet has no content', async () => {
    const start = { node: 'pve', type: 'qmmove', id: '9000', user: 'root@pam!sim' };
    const upid = simulator.sim.tasks.fork(start, async (worker) => await worker.work(3_600_000));
    expect(rowsOf(await pve.get(`/nodes/pve/tasks/${upid}/log`))).toEqual([{ n: 1, t: 'no content' }]);
    expect(rowsOf(await pve.get(`/nodes/pve/tasks/${upid}`))).toEqual([{ name: 'log' }, { name: 'status' }]);
    killWorker('qmmove');
  });
});

describe('the history', () => {
  test('of a node is cut in halves, and a forgotten task is unknown', async () => {
    const oldest = await run('qmstart', () => {});
    const start = { node: 'pve', type: 'qmstart', id: '9000', user: 'root@pam!sim' };
    const upids = Array.from({ length: 1000 }, () => simulator.sim.tasks.fork(start, async () => {}));
    await Promise.all(upids.map(async (upid) => await simulator.sim.tasks.ended(upid)));
    const kept = Object.values(simulator.world.tasks).filter(({ exitstatus }) => exitstatus !== undefined);
    expect(kept.length).toBeGreaterThanOrEqual(500);
    expect(kept.length).toBeLessThan(1000);
    expect(simulator.world.tasks[upids.at(-1) ?? '']).toBeDefined();
    expect((await pve.get(`/nodes/pve/tasks/${oldest}/status`)).errors).toEqual({ upid: 'no such task' });
  });
});
