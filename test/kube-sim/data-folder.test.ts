// What the API for one machine keeps and where it listens: everything that an operator may meet is told by name, and harms nothing.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from 'node:tls';
import { type KubeSim, startKubeSim } from '#kube-sim/server';
import { readCommandLine } from '#manager/command-line';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;
const root = mkdtempSync(join(tmpdir(), 'data-folder-'));
const folder = join(root, 'data');
const running: KubeSim[] = [];
afterAll(async () => {
  await Promise.all(running.map(async (sim) => await sim.stop()));
  rmSync(root, { recursive: true });
});

async function start(dataDir: string, { port = 0, days = 0, host = '127.0.0.1' } = {}) {
  const daily: (() => void)[] = [];
  const real = createClock();
  const clock = {
    ...real,
    realNow: () => Date.now() + days * DAY_MS,
    after: (ms: number, action: () => void) => {
      if (ms === DAY_MS) daily.push(action);
      return real.after(ms, action);
    },
  };
  const log = createLogger({ write: () => undefined });
  const sim = await startKubeSim({ dataDir, host, port, clock, log, kinds: [], name: 'test' });
  running.push(sim);
  return { sim, passDay: () => daily.shift()?.() };
}

/** The certificate that a client gets which knows the authority. */
async function served({ url, ca }: KubeSim): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
  socket.destroy();
  return serial;
}

const authority = () => new X509Certificate(readFileSync(join(folder, 'ca.crt')));

test('a folder belongs to one process and its user alone, and a port to one process', async () => {
  const { sim } = await start(folder);
  for (const name of ['store.db', 'token', 'ca.key', 'kubeconfig'])
    expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await expect(start(folder)).rejects.toThrow('is in use by another process: end that one');
  const port = Number(new URL(sim.url).port);
  await expect(start(join(root, 'other'), { port })).rejects.toThrow(
    `127.0.0.1:${port}: cannot listen: another program listens there. End that one, or choose another port`,
  );
  await expect(start(join(root, 'other'), { host: '192.0.2.1' })).rejects.toThrow('no such address');
  expect(await served(sim)).not.toBe('');
});

test('what cannot be a data folder is refused by name', async () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  await expect(start(file)).rejects.toThrow(`${file}: cannot be used as data folder: it is a file`);
  await expect(start(join(file, 'in'))).rejects.toThrow('it is a file');
  const { sim } = await start(join(root, 'newer'));
  await sim.stop();
  running.pop();
  const database = new DatabaseSync(join(root, 'newer', 'store.db'));
  database.exec('PRAGMA user_version = 9');
  database.close();
  await expect(start(join(root, 'newer'))).rejects.toThrow('format 9 is of a newer version of this program');
});

test('nothing but this machine is listened to', () => {
  const args = ['--standalone', '--data-dir', join(root, 'open'), '--listen', '0.0.0.0:0'];
  expect(() => readCommandLine(args, '1')).toThrow('0.0.0.0 is not on this machine');
});

test('certificates outlast a long run, a restart years later and a clock that was wrong', async () => {
  const { sim, passDay } = await start(join(root, 'long'));
  const first = await served(sim);
  passDay();
  await until(
    async () => await served(sim),
    (serial) => serial !== first,
  );
  await running.shift()?.stop();
  const before = authority().serialNumber;
  for (const [days, isKept] of [
    [365, true],
    [3500, false],
    [0, false],
  ] as const) {
    const known = authority().serialNumber;
    const again = await start(folder, { days });
    expect([days, authority().serialNumber === known]).toEqual([days, isKept]);
    await again.sim.stop();
    running.pop();
  }
  expect(authority().serialNumber).not.toBe(before);
  writeFileSync(join(folder, 'ca.key'), 'nothing');
  await expect(start(folder)).rejects.toThrow('Remove both: new ones are made');
});
