// What one version accepts and another refuses, and how it says so (pve-behaviour 22; recordings one-node/30 and 31).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type Params, type PveClient, pveClient, type Reply } from './pve-client.ts';

const RELEASES = ['7.4', '8.1', '8.4', '9.1', '9.2'];
const simulators = new Map<string, Simulator>();
const clients = new Map<string, PveClient>();

beforeAll(async () => {
  for (const profile of RELEASES) {
    const simulator = await startSimulator({ cluster: 'one-node', profile, timeScale: 20 });
    simulators.set(profile, simulator);
    const pve = pveClient(simulator, { token: simulator.rootToken });
    clients.set(profile, pve);
    expect(await pve.task('post', '/nodes/pve/qemu', { vmid: 100 })).toBe('OK');
  }
}, 60_000);

afterAll(async () => {
  for (const pve of clients.values()) await pve.close();
  for (const simulator of simulators.values()) await simulator.stop();
});

const at = (release: string): PveClient => {
  const pve = clients.get(release);
  if (pve === undefined) throw new Error(`${release} is not played here`);
  return pve;
};
const path = '/nodes/pve/qemu/100/config';
const put = async (release: string, params: Params): Promise<Reply> => await at(release).put(path, params);
const config = async (release: string): Promise<Record<string, unknown>> => objectOf(await at(release).get(path));
const said = ({ status, reason, errors }: Reply): unknown => errors ?? (status === 200 ? 'OK' : reason);

const UNKNOWN = 'property is not defined in schema and the schema does not allow additional properties';

test.each([
  ['7.4', /^virtio=[0-9A-F][26AE](:[0-9A-F]{2}){5}$/],
  ['8.1', /^virtio=BC:24:11(:[0-9A-F]{2}){3}$/],
  ['9.2', /^virtio=BC:24:11(:[0-9A-F]{2}){3}$/],
])('a new MAC of %s', async (release, expected) => {
  await put(release, { net5: 'virtio,bridge=vmbr0' });
  const nic = String((await config(release))['net5']).replace(',bridge=vmbr0', '');
  expect(nic).toMatch(expected);
  expect(nic.startsWith('virtio=BC:24:11')).toBe(release !== '7.4');
  await put(release, { delete: 'net5' });
});

describe('options that came or went', () => {
  test.each([
    ['7.4', 'ciupgrade', '1', UNKNOWN],
    ['8.1', 'ciupgrade', '1', 'OK'],
    ['8.4', 'allow-ksm', '1', UNKNOWN],
    ['9.1', 'allow-ksm', '1', 'OK'],
    ['8.1', 'virtiofs0', 'x', UNKNOWN],
    [
      '8.4',
      'virtiofs0',
      'x',
      "invalid format - format error\nvirtiofs0.dirid: invalid format - invalid configuration ID 'x'\n\n",
    ],
    ['8.4', 'scsi0', 'none,cyls=1', 'OK'],
    ['9.1', 'scsi0', 'none,cyls=1', `invalid format - format error\nscsi0.cyls: ${UNKNOWN}\n`],
    ['9.1', 'agent', '1,freeze-fs=0', `invalid format - format error\nagent.freeze-fs: ${UNKNOWN}\n`],
    ['9.2', 'agent', '1,freeze-fs=0', 'OK'],
    ['9.2', 'agent', '1,guest-fsfreeze=0', 'OK'],
    [
      '9.1',
      'net0',
      'virtio,bridge=vmbr0,host-tunnel=1',
      `invalid format - format error\nnet0.host-tunnel: ${UNKNOWN}\n`,
    ],
    ['9.2', 'net0', 'virtio,bridge=vmbr0,host-tunnel=1', 'OK'],
    ['7.4', 'memory', '15', 'value must have a minimum value of 16'],
    ['8.1', 'memory', '15', 'invalid format - format error\nmemory.current: value must have a minimum value of 16\n'],
    ['7.4', 'machine', 'q35,viommu=intel', 'value does not match the regex pattern'],
    ['8.1', 'machine', 'q35,viommu=intel', 'OK'],
    [
      '8.4',
      'cpu',
      'EPYC-Turin',
      "invalid format - Built-in cputype 'EPYC-Turin' is not defined (missing 'custom-' prefix?)\n",
    ],
    ['9.1', 'cpu', 'EPYC-Turin', 'OK'],
  ])('%s: %s=%s', async (release, option, value, text) => {
    expect(said(await put(release, { [option]: value }))).toEqual(text === 'OK' ? 'OK' : { [option]: text });
  });

  test('a create knows ha-managed since 9.1', async () => {
    const create = async (release: string) =>
      said(await at(release).post('/nodes/pve/qemu', { vmid: 99, 'ha-managed': 1 }));
    const vmid = 'invalid format - value does not look like a valid VM ID\n';
    expect(await create('8.4')).toEqual({ vmid, 'ha-managed': UNKNOWN });
    expect(await create('9.1')).toEqual({ vmid });
  });
});

test('memory is a number until it becomes a property string', async () => {
  const memory = async (release: string): Promise<unknown> => {
    await put(release, { memory: 1024 });
    return (await config(release))['memory'];
  };
  expect([await memory('7.4'), await memory('8.1')]).toEqual([1024, '1024']);
});

describe('texts that changed', () => {
  test('for a parameter that another one needs', async () => {
    const sent = { ipconfig0: 'gw=192.0.2.1', force: 1 };
    expect((await put('8.4', sent)).errors).toEqual({
      delete: "missing property - 'force' requires this property",
      ipconfig0:
        "invalid format - format error\nipconfig0.ip: missing property - 'ipconfig0.gw' requires this property\n",
    });
    expect((await put('9.1', sent)).errors).toEqual({
      delete: "missing property required by 'force'",
      ipconfig0: "invalid format - format error\nipconfig0.ip: missing property required by 'ipconfig0.gw'\n",
    });
  });

  test('for a storage id of one character', async () => {
    const list = async (release: string) => (await at(release).get('/nodes/pve/storage/a/status')).errors;
    expect(await list('8.4')).toEqual({ storage: "invalid format - storage ID 'a' contains illegal characters\n" });
    expect(await list('9.1')).toEqual({
      storage: "invalid format - storage ID 'a' cannot be shorter than 2 characters\n",
    });
  });

  test('a bare yes is a boolean since 9.1, one with its key always was, and stays as written', async () => {
    expect((await put('8.4', { agent: 'yes' })).errors).toEqual({
      agent: "invalid format - format error\nagent.enabled: type check ('boolean') failed - got 'yes'\n",
    });
    expect((await put('8.4', { agent: 'enabled=yes' })).status).toBe(200);
    expect((await put('9.1', { agent: 'yes' })).status).toBe(200);
    expect([(await config('8.4'))['agent'], (await config('9.1'))['agent']]).toEqual(['enabled=yes', 'yes']);
  });

  test('the CPU flags are listed in the order of the version', async () => {
    const flags = async (release: string) => said(await put(release, { cpu: 'host,flags=+bogus' }));
    const start = 'invalid format - VM-specific CPU flags must be a subset of:';
    expect(await flags('8.4')).toEqual({
      cpu: `${start} pcid, spec-ctrl, ibpb, ssbd, virt-ssbd, amd-ssbd, amd-no-ssb, pdpe1gb, md-clear, hv-tlbflush, hv-evmcs, aes\n`,
    });
    expect(await flags('9.1')).toEqual({
      cpu: `${start} aes, amd-no-ssb, amd-ssbd, hv-evmcs, hv-tlbflush, ibpb, md-clear, nested-virt, pcid, pdpe1gb, spec-ctrl, ssbd, virt-ssbd\n`,
    });
  });

  test.each([
    ['7.4', 'OK'],
    ['8.4', 'no sdn vnet ID specified'],
    ['9.1', 'OK'],
  ])('%s: a NIC without a bridge: %s', async (release, text) => {
    expect(said(await put(release, { net1: 'virtio' }))).toBe(text);
  });

  test.each([
    ['8.1', 'OK'],
    ['8.4', "unable to parse directory volume name '1'"],
    ['9.1', 'OK'],
    ['9.2', "unable to parse directory volume name '1'"],
  ])('%s: an unused disk that is none: %s', async (release, text) => {
    expect(said(await put(release, { unused5: 'local:1' }))).toBe(text);
  });
});

describe('odd values', () => {
  const pve = () => at('9.1');

  test('empty SSH keys are a line in the file that is not read back, until the next change', async () => {
    const before = await config('9.1');
    await put('9.1', { sshkeys: '' });
    const after = await config('9.1');
    expect(after['digest']).not.toBe(before['digest']);
    expect(after).toEqual({ ...before, digest: after['digest'] });
    await put('9.1', { cores: 3 });
    await put('9.1', { delete: 'cores' });
    expect((await config('9.1'))['digest']).toBe(before['digest']);
  });

  test('a machine type keeps its key in a change and loses it in a create', async () => {
    await put('9.1', { machine: 'type=q35' });
    await pve().task('post', '/nodes/pve/qemu', { vmid: 101, machine: 'type=q35' });
    const guests = simulators.get('9.1')?.world.guests;
    expect([guests?.[100]?.config['machine'], guests?.[101]?.config['machine']]).toEqual(['type=q35', 'q35']);
  });

  test('a path is the volume that lies there, or nothing', async () => {
    expect((await put('9.1', { ide2: '/etc/passwd' })).errors).toEqual({
      ide2: "unable to associate path '/etc/passwd' to any storage",
    });
    const iso = Object.values(simulators.get('9.1')?.world.volumes ?? {}).find(({ content }) => content === 'iso');
    const name = iso?.volid.split('/')[1] ?? '';
    expect((await put('9.1', { ide2: `/var/lib/vz/template/iso/${name}` })).status).toBe(200);
    expect((await config('9.1'))['ide2']).toMatch(`${iso?.volid},media=cdrom`);
  });

  test.each([
    ['local:backup/x.vma', "volume 'local:backup/x.vma' does not exist"],
    ['-', 'pipe requires cli environment'],
    ['local:iso/x.iso', "unable to use volume local:iso/x.iso - content type needs to be 'backup'"],
    ['nosuch:backup/x.vma', "storage 'nosuch' does not exist"],
  ])('restoring %s fails', async (archive, reason) => {
    const reply = await pve().post('/nodes/pve/qemu', { vmid: 102, archive });
    expect([reply.status, reply.reason]).toEqual([500, reason]);
    expect(simulators.get('9.1')?.world.guests[102]).toBeUndefined();
  });
});

describe("what only root's login may use", () => {
  test.each([
    ['start', 'stateuri', 'tcp'],
    ['start', 'migratedfrom', 'pve'],
    ['start', 'targetstorage', 'local'],
    ['start', 'force-cpu', 'host'],
    ['stop', 'keepActive', 1],
    ['resume', 'nocheck', 1],
  ])('%s: %s', async (act, name, value) => {
    const call = async (given: string | number) =>
      await at('9.1').post(`/nodes/pve/qemu/100/status/${act}`, { [name]: given });
    expect((await call(value)).errors).toEqual({ [name]: 'Only root may use this option.' });
  });

  test('unless it is switched off', async () => {
    expect((await at('9.1').post('/nodes/pve/qemu/100/status/stop', { skiplock: 0 })).status).toBe(200);
  });
});

test("a random number generator was root's alone", async () => {
  expect(said(await put('7.4', { rng0: '/dev/urandom' }))).toBe("only root can set 'rng0' config");
  expect(said(await put('8.1', { rng0: '/dev/urandom' }))).toBe('OK');
});

test('a create that starts asks for VM.PowerMgmt since 9.2', async () => {
  const create = async (release: string): Promise<Reply> => {
    const simulator = simulators.get(release);
    if (simulator === undefined) throw new Error(`${release} is not played here`);
    const { access } = simulator.world;
    const provider = pveClient(simulator);
    access.roles = Object.fromEntries(
      Object.entries(access.roles).map(([role, names]) => [role, names.filter((name) => name !== 'VM.PowerMgmt')]),
    );
    const reply = await provider.post('/nodes/pve/qemu', { vmid: 103, start: 1 });
    await provider.close();
    return reply;
  };
  expect((await create('9.1')).status).toBe(200);
  const refused = await create('9.2');
  expect([refused.status, refused.reason]).toEqual([403, 'Permission check failed (/vms/103, VM.PowerMgmt)']);
});
