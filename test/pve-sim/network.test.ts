// Interfaces of a node and the software-defined network (pve-behaviour 19): changes wait until they are applied.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 0 });
  pve = pveClient(simulator, { token: simulator.rootToken });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const changes = (text: string): string => (JSON.parse(text) as { changes?: string }).changes ?? '';
const bridgesOf = (node: string) => simulator.world.nodes[node]?.bridges.map(({ iface }) => iface);

test('a new bridge is shown at once and runs once the network was reloaded', async () => {
  const path = '/nodes/pve1/network';
  expect(
    (await pve.post(path, { iface: 'vmbr7', type: 'bridge', cidr: '192.0.2.7/24', bridge_ports: '' })).data,
  ).toBeNull();
  expect((await pve.post(path, { iface: 'vmbr7', type: 'bridge' })).errors).toEqual({
    iface: 'interface already exists',
  });
  const planned = await pve.get(path, { type: 'any_bridge' });
  expect(changes(planned.text)).toContain('+iface vmbr7 inet static');
  expect(objectOf(await pve.get(`${path}/vmbr7`))).toMatchObject({
    address: '192.0.2.7',
    netmask: '24',
    families: ['inet'],
  });
  expect(bridgesOf('pve1')).not.toContain('vmbr7');
  expect(await pve.task('put', path)).toBe('OK');
  expect(bridgesOf('pve1')).toContain('vmbr7');
  expect(changes((await pve.get(path)).text)).toBe('');
  expect(objectOf(await pve.get(`${path}/vmbr7`))).toHaveProperty('active', 1);
});

test('changes that are dropped never were', async () => {
  const path = '/nodes/pve2/network';
  await pve.del(`${path}/vmbr1`);
  expect((await pve.get(`${path}/vmbr1`)).errors).toEqual({ iface: 'interface does not exist' });
  expect((await pve.del(path)).data).toBeNull();
  expect(objectOf(await pve.get(`${path}/vmbr1`))).toHaveProperty('type', 'bridge');
});

test('a vnet is a bridge of the nodes of its zone once the SDN was applied', async () => {
  await pve.post('/cluster/sdn/zones', { zone: 'lab', type: 'simple', nodes: 'pve1,pve2' });
  const missing = await pve.post('/cluster/sdn/vnets', { vnet: 'net1', zone: 'nowhere' });
  expect(missing.reason).toBe("create sdn vnet object failed: zone 'nowhere' does not exist");
  await pve.post('/cluster/sdn/vnets', { vnet: 'net1', zone: 'lab', tag: 7 });
  expect(rowsOf(await pve.get('/cluster/sdn/vnets'))).toEqual([{ vnet: 'net1', zone: 'lab', type: 'vnet', tag: 7 }]);
  expect(rowsOf(await pve.get('/cluster/sdn/vnets', { running: 1 }))).toEqual([]);
  expect(await pve.task('put', '/cluster/sdn')).toBe('OK');
  expect(bridgesOf('pve2')).toContain('net1');
  expect(bridgesOf('pve3')).not.toContain('net1');
  const used = await pve.del('/cluster/sdn/zones/lab');
  expect(used.reason).toBe('delete sdn zone object failed: zone lab is used by vnet net1');
  await pve.put('/cluster/sdn/vnets/net1', { alias: 'the lab', delete: 'tag' });
  expect(objectOf(await pve.get('/cluster/sdn/vnets/net1'))).toEqual({
    vnet: 'net1',
    zone: 'lab',
    type: 'vnet',
    alias: 'the lab',
  });
});

test('a provider without rights on the SDN sees none of it', async () => {
  const provider = pveClient(simulator);
  expect(rowsOf(await provider.get('/cluster/sdn/zones'))).toEqual([]);
  const refused = await provider.post('/cluster/sdn/zones', { zone: 'mine', type: 'simple' });
  expect(refused.reason).toBe('Permission check failed (/sdn/zones, SDN.Allocate)');
  await provider.close();
});
