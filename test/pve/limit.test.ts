import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { deadlineIn } from '#runtime/deadline';
import { call, connectTo, failureOf } from './scripted-pve.ts';

describe('the limit per node', () => {
  /** A server that answers only when told, and counts what is open per path. */
  async function startGatedPve() {
    const open = new Map<string, (() => void)[]>();
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      const waiting = open.get(path) ?? [];
      waiting.push(() => response.end('{"data":1}'));
      open.set(path, waiting);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      count: (path: string) => open.get(`/api2/json${path}`)?.length ?? 0,
      release: (path: string) =>
        open
          .get(`/api2/json${path}`)
          ?.splice(0)
          .forEach((answer) => answer()),
      server,
    };
  }

  test('holds for each node and for what needs no node, and one full node keeps no other waiting', async () => {
    const gated = await startGatedPve();
    const pve = connectTo(gated.url);
    const calls = ['/nodes/pve1/x', '/nodes/pve2/x', '/version'].flatMap((path) =>
      Array.from({ length: 7 }, async () => await pve.get(path, call())),
    );
    for (const path of ['/nodes/pve1/x', '/nodes/pve2/x', '/version']) {
      for (const inFlight of [3, 3, 1]) {
        await expect.poll(() => gated.count(path)).toBe(inFlight);
        gated.release(path);
      }
    }
    expect(await Promise.all(calls)).toHaveLength(21);
    await pve.close();
    gated.server.close();
  });

  test('lets nobody wait beyond the deadline, and the place of who gave up is not lost', async () => {
    const gated = await startGatedPve();
    const pve = connectTo(gated.url, { perNodeLimit: 1 });
    const first = pve.get('/version', call());
    await expect.poll(() => gated.count('/version')).toBe(1);
    const hasty = failureOf(pve.get('/version', deadlineIn(30)));
    const patient = pve.get('/version', call());
    expect(await hasty).toMatchObject({ name: 'DeadlineError' });
    gated.release('/version');
    await first;
    await expect.poll(() => gated.count('/version')).toBe(1);
    gated.release('/version');
    expect(await patient).toBe(1);
    await pve.close();
    gated.server.close();
  });
});
