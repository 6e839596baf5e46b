// One id, several takers: which texts the losers get (pve-behaviour 9.4, 13.5, 26, 28.3).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type PveClient, pveClient, type Reply } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 20 });
  pve = pveClient(simulator, { token: simulator.rootToken });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const fileExists = (node: string, id: number): string =>
  `close (rename) atomic file '/etc/pve/nodes/${node}/qemu-server/${id}.conf' failed: File exists`;

describe('an id that is taken', () => {
  test.each([
    ['a guest of the same node', 'pve1', 9000, "unable to create VM 9000 - VM 9000 already exists on node 'pve1'"],
    ['a guest of another node', 'pve1', 9001, "unable to create VM 9001 - VM 9001 already exists on node 'pve2'"],
    ['a container', 'pve1', 101, "unable to create VM 101 - CT 101 already exists on node 'pve3'"],
  ])('by %s refuses a create', async (_, node, vmid, expected) => {
    const reply = await pve.post(`/nodes/${node}/qemu`, { vmid });
    expect([reply.status, reply.reason]).toEqual([500, expected]);
  });

  test('on the same node refuses a clone at once', async () => {
    const reply = await pve.post('/nodes/pve2/qemu/9001/clone', { newid: 9001 });
    expect(reply.reason).toBe('unable to create VM 9001: config file already exists');
  });

  test.each([
    ['a guest of another node', 9001],
    ['a container', 101],
  ])('by %s fails the task of a clone', async (_, newid) => {
    expect(await pve.task('post', '/nodes/pve1/qemu/9000/clone', { newid })).toBe(fileExists('pve1', newid));
  });

  test('is told by nextid also to those who may not see the guest', async () => {
    const blind = { id: 'nobody@pve!blind', secret: '00000000-0000-4000-8000-000000000000' };
    simulator.world.access.users['nobody@pve'] = { enabled: true };
    simulator.world.access.tokens[blind.id] = { secret: blind.secret, privsep: false };
    const nobody = pveClient(simulator, { token: blind });
    expect((await nobody.get('/cluster/resources', { type: 'vm' })).data).toEqual([]);
    expect((await nobody.get('/cluster/nextid', { vmid: 9000 })).errors).toEqual({ vmid: 'VM 9000 already exists' });
    expect((await nobody.get('/cluster/nextid', { vmid: 5000 })).data).toBe('5000');
    await nobody.close();
  });
});

describe('races for one id', () => {
  let next = 500;
  const exitsOf = async (replies: readonly Reply[]): Promise<string[]> =>
    await Promise.all(
      replies.map(async (reply) => (reply.status === 200 ? await pve.exitOf(reply.data) : reply.reason)),
    );

  test.each(Array.from({ length: 5 }, (_, round) => round))(
    'four creates on one node, round %i: one wins',
    async () => {
      const vmid = (next += 1);
      const replies = await Promise.all(
        Array.from({ length: 4 }, async () => pve.post('/nodes/pve1/qemu', { vmid, scsi0: 'local-lvm:1' })),
      );
      const exits = await exitsOf(replies);
      expect(exits.filter((exit) => exit === 'OK')).toHaveLength(1);
      const lost = `unable to create VM ${vmid} - VM ${vmid} already exists on node 'pve1'`;
      expect(exits.filter((exit) => exit === lost)).toHaveLength(3);
      expect(Object.values(simulator.world.volumes).filter((volume) => volume.vmid === vmid)).toHaveLength(1);
    },
  );

  test.each(Array.from({ length: 5 }, (_, round) => round))('creates on three nodes, round %i: one wins', async () => {
    const vmid = (next += 1);
    const replies = await Promise.all(
      ['pve1', 'pve2', 'pve3'].map(async (node) => pve.post(`/nodes/${node}/qemu`, { vmid, scsi0: 'local-lvm:1' })),
    );
    const exits = await exitsOf(replies);
    expect(exits.filter((exit) => exit === 'OK')).toHaveLength(1);
    for (const exit of exits.filter((text) => text !== 'OK')) {
      expect(exit).toMatch(
        /^unable to create VM \d+ - (?:VM \d+ already exists on node|close \(rename\) atomic file .* File exists)/,
      );
    }
    expect(Object.values(simulator.world.volumes).filter((volume) => volume.vmid === vmid)).toHaveLength(1);
  });

  test.each(Array.from({ length: 3 }, (_, round) => round))(
    'three clones, round %i: the losers fail as tasks',
    async () => {
      const newid = (next += 1);
      const replies = await Promise.all(
        Array.from({ length: 3 }, async () => pve.post('/nodes/pve1/qemu/9000/clone', { newid, full: 1 })),
      );
      const exits = await exitsOf(replies);
      expect(exits.filter((exit) => exit === 'OK')).toHaveLength(1);
      for (const exit of exits.filter((text) => text !== 'OK')) {
        expect([
          `can't lock file '/var/lock/qemu-server/lock-${newid}.conf' - got timeout`,
          `unable to create VM ${newid}: config file already exists`,
        ]).toContain(exit);
      }
      expect(Object.values(simulator.world.volumes).filter((volume) => volume.vmid === newid)).toHaveLength(2);
    },
  );

  test('of two changes with one digest exactly one is made', async () => {
    const path = '/nodes/pve1/qemu/9000/config';
    const { digest } = (await pve.get(path)).data as { digest: string };
    const replies = await Promise.all(['a', 'b'].map(async (tags) => pve.put(path, { tags, digest })));
    expect(replies.map(({ reason }) => reason).sort()).toEqual([
      'OK',
      'checksum mismatch (file change by other user?)',
    ]);
  });
});
