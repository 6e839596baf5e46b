// Consoles and the firewall of a guest (pve-behaviour 19).
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;
const guest = '/nodes/pve/qemu/120';

beforeAll(async () => {
  simulator = await startSimulator({
    cluster: 'one-node',
    timeScale: 0,
    tls: false,
    durations: { consoleWaitMs: 3_600_000_000 },
  });
  pve = pveClient(simulator, { token: simulator.rootToken });
  await pve.task('post', '/nodes/pve/qemu/9000/clone', { newid: 120, name: 'web' });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

/** The socket of an upgraded request, or the status of its refusal. */
async function openSocket(port: number, ticket: string): Promise<Socket | number> {
  const { id, secret } = simulator.rootToken;
  const query = new URLSearchParams({ port: String(port), vncticket: ticket }).toString();
  const url = `${simulator.nodes[0]?.url ?? ''}/api2/json${guest}/vncwebsocket?${query}`;
  const headers = {
    authorization: `PVEAPIToken=${id}=${secret}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
  };
  return await new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers });
    sent.on('upgrade', (response, socket: Socket, head: Buffer) => {
      expect(response.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
      socket.unshift(head);
      resolve(socket);
    });
    sent.on('response', (response) => resolve(response.statusCode ?? 0));
    sent.on('error', reject);
    sent.end();
  });
}

/** So many bytes from the socket. */
async function read(socket: Socket, count: number): Promise<Buffer> {
  let got = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    got = Buffer.concat([got, chunk as Buffer]);
    if (got.length >= count) break;
  }
  return got;
}

test('a guest that is off has no console', async () => {
  const refused = await pve.post(`${guest}/vncproxy`, { websocket: 1 });
  expect([refused.status, refused.reason]).toEqual([500, "Timeout while waiting for port '5900' to get ready!"]);
});

test('a ticket opens the websocket of its guest: a VNC server greets and gives back what it is sent', async () => {
  await pve.task('post', `${guest}/status/start`);
  const opened = objectOf(await pve.post(`${guest}/vncproxy`, { websocket: 1, 'generate-password': 1 }));
  expect(opened).toMatchObject({ user: 'root@pam!sim', cert: '' });
  expect(opened['password']).toHaveLength(8);
  expect(String(opened['upid'])).toMatch(/:vncproxy:120:/);
  const port = Number(opened['port']);
  expect(await openSocket(port, 'PVEVNC:00000000::xx')).toBe(401);
  const socket = await openSocket(port, String(opened['ticket']));
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  expect((await read(socket, 14)).subarray(2).toString()).toBe('RFB 003.008\n');
  // `hi`, masked with zeros.
  socket.write(Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  expect(await read(socket, 4)).toEqual(Buffer.from([0x82, 2, 0x68, 0x69]));
  socket.destroy();
});

test('a terminal needs a serial port, SPICE a card for it', async () => {
  expect((await pve.post(`${guest}/termproxy`)).reason).toBe('unable to find a serial interface');
  expect((await pve.post(`${guest}/spiceproxy`)).reason).toBe('no spice port');
});

test('rules of the firewall stand in an order, the newest first', async () => {
  const rules = `${guest}/firewall/rules`;
  await pve.post(rules, { type: 'in', action: 'ACCEPT', proto: 'tcp', dport: '22', enable: 1 });
  await pve.post(rules, { type: 'in', action: 'DROP', comment: 'last' });
  await pve.post(rules, { type: 'out', action: 'ACCEPT' });
  const order = async () =>
    rowsOf(await pve.get(rules)).map(({ action, type, dport }) => dport ?? `${String(type)} ${String(action)}`);
  expect(await order()).toEqual(['out ACCEPT', 'in DROP', '22']);
  await pve.put(`${rules}/2`, { moveto: 0 });
  expect(await order()).toEqual(['22', 'out ACCEPT', 'in DROP']);
  const { digest } = objectOf(await pve.get(`${rules}/0`));
  await pve.put(`${rules}/0`, { dport: '80,443', delete: 'enable' });
  expect(objectOf(await pve.get(`${rules}/0`))).toMatchObject({ dport: '80,443', enable: 0, pos: 0 });
  const stale = await pve.del(`${rules}/0`, { digest: String(digest) });
  expect(stale.reason).toBe('detected modified configuration - file changed by other user? Try again.');
  expect((await pve.del(`${rules}/9`)).reason).toBe('no rule at position 9');
});

test('options of the firewall are set and removed', async () => {
  const options = `${guest}/firewall/options`;
  await pve.put(options, { enable: 1, policy_in: 'DROP' });
  await pve.put(options, { delete: 'policy_in' });
  expect(objectOf(await pve.get(options))).toEqual({ enable: 1, digest: expect.any(String) as string });
});
