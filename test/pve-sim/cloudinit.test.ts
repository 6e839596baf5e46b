// PVE's own cloud-init drive: its documents, when they are written, and what a guest makes of them (pve-behaviour 18).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpDocument } from '#pve-sim/cloudinit/documents';
import { sha256Crypt } from '#pve-sim/cloudinit/sha256-crypt';
import { writeSnippet } from '#pve-sim/cloudinit/snippets';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { Guest, Seed } from '#pve-sim/world/world';
import { isMissing, skipNote, vectors } from './golden-vectors.ts';
import { type Params, type PveClient, pveClient, rowsOf } from './pve-client.ts';

const RESOLVER = { nameservers: ['10.0.0.53'], search: ['example.lan'] };

describe.skipIf(isMissing)(`the documents are those of PVE${skipNote}`, () => {
  const cases = vectors.cloudinit.flatMap((vector, index) =>
    (['nocloud', 'configdrive2'] as const).flatMap((format) =>
      (['user', 'network', 'meta'] as const).map((type) => [index, format, type, vector] as const),
    ),
  );
  test('there are some', () => expect(cases.length).toBeGreaterThan(0));
  test.each(cases)('%i %s %s', (_, format, type, { conf, [format]: expected }) => {
    const config = Object.fromEntries(Object.entries(conf).map(([key, value]) => [key, String(value)]));
    const source = { vmid: 100, config: { ...config, citype: format }, resolver: RESOLVER };
    expect(dumpDocument(source, type)).toBe(expected[type]);
  });
});

test('passwords are hashed with SHA-256 crypt', () => {
  // As crypt(3) has it.
  expect(sha256Crypt('Hello world!', 'saltstring')).toBe('$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5');
});

let simulator: Simulator;
let pve: PveClient;
const VM = '/nodes/pve/qemu/120';
const DRIVE = 'pve/local-lvm:vm-120-cloudinit';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 50 });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const guest = (): Guest => {
  const found = simulator.world.guests[120];
  if (found === undefined) throw new Error('there is no guest 120');
  return found;
};
const seed = (): Seed | undefined => simulator.world.volumes[DRIVE]?.seed;
const userDataOnDrive = (): string | undefined => seed()?.files['/user-data'];
const put = async (params: Params): Promise<void> => {
  const reply = await pve.put(`${VM}/config`, params);
  if (reply.status !== 200) throw new Error(`${reply.reason} ${reply.text}`);
};
const start = async (): Promise<string> => await pve.task('post', `${VM}/status/start`);
const stop = async (): Promise<string> => await pve.task('post', `${VM}/status/stop`);

/** A stopped guest 120 with these options and nothing of the one before. */
async function create(params: Params): Promise<void> {
  if (simulator.world.guests[120] !== undefined) {
    await stop();
    await pve.task('del', VM);
  }
  const exit = await pve.task('post', '/nodes/pve/qemu', { vmid: 120, ide2: 'local-lvm:cloudinit', ...params });
  expect(exit).toBe('OK');
}

describe('the drive', () => {
  test('is empty after the create and written at every start', async () => {
    await create({ name: 'web', ciuser: 'a' });
    expect(seed()).toBeUndefined();
    expect(await start()).toBe('OK');
    expect(userDataOnDrive()).toContain('user: a\n');
    expect(seed()?.label).toBe('cidata');
    await stop();
    await put({ ciuser: 'b' });
    expect(userDataOnDrive()).toContain('user: a\n');
    await start();
    expect(userDataOnDrive()).toContain('user: b\n');
  });

  test('keeps the old documents while the guest runs, until it is written anew', async () => {
    await create({ name: 'web', ciuser: 'a' });
    await start();
    await put({ ciuser: 'b', nameserver: '192.0.2.1' });
    expect(userDataOnDrive()).toContain('user: a\n');
    expect(rowsOf(await pve.get(`${VM}/cloudinit`))).toEqual(
      expect.arrayContaining([
        { key: 'ciuser', value: 'a', pending: 'b' },
        { key: 'nameserver', pending: '192.0.2.1' },
      ]),
    );
    expect((await pve.put(`${VM}/cloudinit`)).status).toBe(200);
    expect(userDataOnDrive()).toContain('user: b\n');
    expect(rowsOf(await pve.get(`${VM}/cloudinit`))).toContainEqual({ key: 'ciuser', value: 'b' });
    await put({ delete: 'ciuser' });
    expect(rowsOf(await pve.get(`${VM}/cloudinit`))).toContainEqual({ key: 'ciuser', delete: 1 });
  });

  test('follows at once where hotplug says so', async () => {
    await create({ ciuser: 'a', hotplug: 'network,disk,cloudinit' });
    await start();
    await put({ ciuser: 'b' });
    expect(userDataOnDrive()).toContain('user: b\n');
  });

  test('is written when it comes to a stopped guest', async () => {
    await create({ ciuser: 'a' });
    await put({ delete: 'ide2' });
    expect(simulator.world.volumes[DRIVE]).toBeUndefined();
    await put({ scsi1: 'local-lvm:cloudinit' });
    expect(guest().config['scsi1']).toBe('local-lvm:vm-120-cloudinit,media=cdrom');
    expect(userDataOnDrive()).toContain('user: a\n');
  });

  test('that has vanished is made again at the start', async () => {
    await create({ ciuser: 'a' });
    delete simulator.world.volumes[DRIVE];
    expect(await start()).toBe('OK');
    expect(userDataOnDrive()).toContain('user: a\n');
  });

  test('is a config drive for Windows, and an OpenNebula drive where asked for', async () => {
    await create({ ostype: 'win11', ciuser: 'a' });
    await start();
    expect(seed()?.label).toBe('config-2');
    expect(Object.keys(seed()?.files ?? {})).toContain('/openstack/latest/user_data');
    await create({
      citype: 'opennebula',
      ciuser: 'a',
      net0: 'virtio=02:00:00:00:00:0A,bridge=vmbr0',
      ipconfig0: 'ip=dhcp',
    });
    await start();
    expect(seed()?.label).toBe('CONTEXT');
    expect(seed()?.files['/context.sh']).toContain('ETH0_MAC=02:00:00:00:00:0a\nETH0_DHCP=YES\n');
  });
});

describe('the guest', () => {
  const MAC = '02:00:00:00:00:01';
  const addresses = (): readonly string[] => guest().run?.addresses[MAC]?.map(({ address }) => address) ?? [];
  const net0 = `virtio=${MAC},bridge=vmbr0`;

  test('has no address on a NIC without ipconfig', async () => {
    await create({ net0 });
    await start();
    expect(addresses()).toEqual([]);
  });

  test('has no address where a gateway comes with DHCP: PVE takes the option and leaves the NIC out', async () => {
    await create({ net0, ipconfig0: 'ip=dhcp,gw=192.0.2.1' });
    await start();
    expect(addresses().filter((address) => address.includes('.'))).toEqual([]);
    expect(seed()?.files['/network-config']).toContain(`mac_address: '${MAC}'\n      subnets:\n    - type: nameserver`);
  });

  test('has what its ipconfig says', async () => {
    await create({ net0, ipconfig0: 'ip=192.0.2.50/24,gw=192.0.2.1' });
    await start();
    expect(addresses()).toContain('192.0.2.50');
  });

  test('is another instance to cloud-init after any change of a document', async () => {
    await create({ net0, ciuser: 'a' });
    await start();
    const first = guest().instanceId;
    expect(first).toMatch(/^[0-9a-f]{40}$/);
    await stop();
    await start();
    expect(guest().instanceId).toBe(first);
    await stop();
    await put({ searchdomain: 'example.test' });
    await start();
    expect(guest().instanceId).not.toBe(first);
  });

  test('does not start with an address that no document can hold', async () => {
    await create({ net0, ipconfig0: 'ip=manual' });
    expect(await start()).toBe('not a CIDR: manual');
  });
});

describe('cicustom', () => {
  const place = (name: string, text: string): void =>
    writeSnippet(simulator.world, 'pve', `local:snippets/${name}`, text, 0);

  test('replaces the document it names and no other, and is read at the start alone', async () => {
    await create({ name: 'web', ciuser: 'a', cicustom: 'user=local:snippets/u.yaml' });
    expect(await start()).toBe("volume 'local:snippets/u.yaml' does not exist");
    place('u.yaml', '#cloud-config\nhostname: other\n');
    expect(await start()).toBe('OK');
    expect(userDataOnDrive()).toBe('#cloud-config\nhostname: other\n');
    expect(seed()?.files['/network-config']).toContain('version: 1');
    expect((await pve.get(`${VM}/cloudinit/dump`, { type: 'user' })).data).toContain('hostname: web');
  });

  test('merges vendor data beside the generated document', async () => {
    place('v.yaml', '#cloud-config\npackages: [curl]\n');
    await create({ name: 'web', cicustom: 'vendor=local:snippets/v.yaml' });
    await start();
    expect(seed()?.files['/vendor-data']).toContain('packages');
    expect(userDataOnDrive()).toContain('hostname: web');
  });

  test.each([
    ['a medium', 'user=local:iso/debian-12.iso', 'local:iso/debian-12.iso is not in the snippets directory'],
    ['a storage that is not there', 'user=nosuch:snippets/x', "storage 'nosuch' does not exist"],
  ])('cannot be %s', async (_, cicustom, text) => {
    await create({ cicustom });
    expect((await pve.put(`${VM}/cloudinit`)).reason).toBe(text);
    expect(await start()).toBe(text);
  });

  test('is limited', async () => {
    place('big.yaml', 'x'.repeat(1024 * 1024 + 1));
    await create({ cicustom: 'user=local:snippets/big.yaml' });
    expect(await start()).toBe("file '/var/lib/vz/snippets/big.yaml' too long - aborting");
    place('big.yaml', 'x'.repeat(1024 * 1024));
    const one = 'local:snippets/big.yaml';
    await create({ cicustom: `user=${one},network=${one},meta=${one},vendor=${one}` });
    expect(await start()).toBe('Cloud-Init sum of snippets too big (> 3 MiB)');
  });
});

describe('the password', () => {
  test('stays as it is on create, is hashed on update, and is never shown', async () => {
    await create({ cipassword: 'secret' });
    expect(guest().config['cipassword']).toBe('secret');
    await put({ cipassword: 'secret' });
    expect(guest().config['cipassword']).toMatch(/^\$5\$[^$]{8}\$[./0-9A-Za-z]{43}$/);
    const hash = guest().config['cipassword'] ?? '';
    await put({ cipassword: hash });
    expect(guest().config['cipassword']).toBe(hash);
    expect(rowsOf(await pve.get(`${VM}/cloudinit`))).toContainEqual({ key: 'cipassword', value: '**********' });
  });

  test('of a Windows guest is never hashed', async () => {
    await create({ ostype: 'win10', cipassword: 'a' });
    await put({ cipassword: 'b' });
    expect(guest().config['cipassword']).toBe('b');
  });
});
