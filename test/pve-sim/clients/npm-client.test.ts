// The client on npm that follows PVE's API most closely drives the simulator unmodified. It sends JSON bodies and opens a
// connection per call.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';

interface Result {
  readonly isSuccessStatusCode: boolean;
  readonly statusCode: number;
  readonly reasonPhrase: string;
  readonly response: { readonly data: unknown; readonly errors?: Readonly<Record<string, string>> };
}

interface Client {
  apiToken: string;
  login(user: string, password: string, realm: string): Promise<boolean>;
  get(path: string, parameters?: object): Promise<Result>;
  create(path: string, parameters?: object): Promise<Result>;
  set(path: string, parameters?: object): Promise<Result>;
  delete(path: string, parameters?: object): Promise<Result>;
  waitForTaskToFinish(upid: unknown, everyMs: number, timeoutMs: number): Promise<boolean>;
  getExitStatusTask(upid: unknown): Promise<string>;
}

const { PveClient } = (await import('@corsinvest/cv4pve-api-javascript')) as unknown as {
  PveClient: new (host: string, port: number) => Client;
};

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ timeScale: 20 });
});
afterAll(async () => {
  await simulator.stop();
});

function connect(): Client {
  const { hostname, port } = new URL(simulator.nodes[0]?.url ?? '');
  return new PveClient(hostname, Number(port));
}

async function ended(client: Client, { reasonPhrase, response }: Result): Promise<string> {
  expect(reasonPhrase).toBe('OK');
  expect(await client.waitForTaskToFinish(response.data, 50, 30_000)).toBe(true);
  return await client.getExitStatusTask(response.data);
}

async function takeThroughLife(client: Client, vmid: number): Promise<void> {
  const path = `/nodes/pve2/qemu/${vmid}`;
  const clone = await client.create('/nodes/pve2/qemu/9001/clone', { newid: vmid, name: 'from-npm', full: true });
  expect(await ended(client, clone)).toBe('OK');
  expect((await client.set(`${path}/config`, { cores: 3, onboot: true, tags: 'npm' })).statusCode).toBe(200);
  expect(simulator.world.guests[vmid]?.config).toMatchObject({
    cores: '3',
    onboot: '1',
    tags: 'npm',
    name: 'from-npm',
  });
  expect(await ended(client, await client.create(`${path}/status/start`))).toBe('OK');
  expect(simulator.world.guests[vmid]?.run?.qmpStatus).toBe('running');
  expect(await ended(client, await client.create(`${path}/status/stop`))).toBe('OK');
  expect(await ended(client, await client.delete(path, { purge: true }))).toBe('OK');
  expect(simulator.world.guests[vmid]).toBeUndefined();
}

describe('cv4pve-api-javascript', () => {
  test('takes a guest through its life with a token', async () => {
    const client = connect();
    client.apiToken = `${simulator.token.id}=${simulator.token.secret}`;
    await takeThroughLife(client, 610);
  });

  test('takes a guest through its life with a login', async () => {
    const client = connect();
    expect(await client.login('root', 'not the password', 'pam')).toBe(false);
    expect(await client.login('root', simulator.rootPassword, 'pam')).toBe(true);
    await takeThroughLife(client, 611);
  });

  test('sees what is wrong', async () => {
    const client = connect();
    client.apiToken = `${simulator.token.id}=${simulator.token.secret}`;
    const wrong = await client.create('/nodes/pve1/qemu', { vmid: 12, memory: 'much' });
    expect(wrong).toMatchObject({ statusCode: 400, reasonPhrase: 'Parameter verification failed.' });
    expect(Object.keys(wrong.response.errors ?? {}).sort()).toEqual(['memory', 'vmid']);
    const missing = await client.get('/nodes/pve1/qemu/999/config');
    expect(missing).toMatchObject({ statusCode: 500, isSuccessStatusCode: false });
    expect(missing.reasonPhrase).toBe("Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist");
  });
});
