import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { debianTemplate } from '#pve-sim/clusters/inventory';
import { type CreateRequest, CreateRequestSchema, PowerOp } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type CreateParts, createRequest, nic, rootDisk } from '../support/requests.ts';

// A person's mistake gets a code that says so, a message that names the field and the remedy, and changes nothing.

/** A second template called like the first one. */
const twin = { ...debianTemplate('pve3'), vmid: 9009 };

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { cluster: { ...THREE_NODE, guests: [...THREE_NODE.guests, twin] } } });
});
afterAll(async () => await flow.stop());

/** A request with one of its texts replaced by something no encoder would write. */
const raw = (
  change: Partial<Pick<CreateRequest, 'classJson' | 'imageJson' | 'networksJson' | 'disksJson' | 'placementJson'>>,
) => create(CreateRequestSchema, { ...createRequest(), ...change });

const nics = (...changes: Record<string, unknown>[]): CreateParts => ({ networks: changes.map(nic) });

type Row = [title: string, request: CreateRequest, kind: string, message: RegExp];
const of = (title: string, parts: CreateParts, kind: string, message: RegExp): Row => [
  title,
  createRequest(parts),
  kind,
  message,
];

const rows: Row[] = [
  // The name
  of('a name with underscores', { name: 'web_server' }, 'invalid-spec', /^name: "web_server".*DNS name.*Use letters/),
  of('a name that is empty', { name: '' }, 'invalid-spec', /^name: .*DNS name/),
  of('a label of 64 characters', { name: 'a'.repeat(64) }, 'invalid-spec', /^name: .*63 characters/),
  of('a name that begins with a dash', { name: '-web' }, 'invalid-spec', /^name: /),

  // JSON
  ['a class that is no JSON', raw({ classJson: '{"CPU":2' }), 'invalid-spec', /^class_json: .*JSON/],
  ['a class that is a list', raw({ classJson: '[]' }), 'invalid-spec', /^class_json: .*object/],
  ['an image that is no JSON', raw({ imageJson: 'ubuntu' }), 'invalid-spec', /^image_json: .*JSON/],
  ['networks that are an object', raw({ networksJson: '{}' }), 'invalid-spec', /^networks_json: .*list/],
  ['a NIC that is a text', raw({ networksJson: '["lan"]' }), 'invalid-spec', /^networks_json\[0\]: .*object/],
  ['disks that are no JSON', raw({ disksJson: '[{]' }), 'invalid-spec', /^disks_json: .*JSON/],
  ['a placement that is a number', raw({ placementJson: '7' }), 'invalid-spec', /^placement_json: .*object/],

  // The class
  of('no CPUs', { class: { CPU: 0 } }, 'invalid-spec', /^class_json\.CPU: is missing/),
  of('a negative number of CPUs', { class: { CPU: -2 } }, 'invalid-spec', /^class_json\.CPU: /),
  of('CPUs as words', { class: { CPU: 'two' } }, 'invalid-spec', /^class_json\.CPU: must be a whole number/),
  of('half a CPU', { class: { CPU: 1.5 } }, 'invalid-spec', /^class_json\.CPU: /),
  of('1000 CPUs', { class: { CPU: 1000 } }, 'invalid-spec', /^class_json\.CPU: .*128/),
  of('no memory', { class: { MemoryMiB: 0 } }, 'invalid-spec', /^class_json\.MemoryMiB: is missing/),
  of('8 MiB of memory', { class: { MemoryMiB: 8 } }, 'invalid-spec', /^class_json\.MemoryMiB: .*16/),
  of(
    'an unknown firmware',
    { class: { Firmware: 'OpenBoot' } },
    'invalid-spec',
    /^class_json\.Firmware: .*"OpenBoot".*bios/i,
  ),
  of('an unknown machine', { class: { Machine: 'z80' } }, 'invalid-spec', /^class_json\.Machine: .*z80.*q35/),
  of('an unknown key', { class: { Memory_MiB: 512 } }, 'invalid-spec', /^class_json\.Memory_MiB: /),

  // The image
  of('an image without a template', { image: { TemplateName: '' } }, 'invalid-spec', /^image_json.*template/),
  of(
    'an image that has to be prepared',
    { image: { TemplateName: '', URL: 'https://x/y.img' } },
    'invalid-spec',
    /prepare/,
  ),
  of(
    'an unknown template',
    { image: { TemplateName: 'ubuntu-23' } },
    'invalid-spec',
    /"ubuntu-23".*Templates: .*ubuntu-22-template \(9001\)/,
  ),
  of('an unknown VMID', { image: { TemplateName: '4711' } }, 'invalid-spec', /image_json\.TemplateName: .*"4711"/),
  of(
    'an ambiguous template',
    { image: { TemplateName: 'debian-12-template' } },
    'invalid-spec',
    /9000 on pve1, 9009 on pve3.*VMID/,
  ),
  of('a container as template', { image: { TemplateName: '101' } }, 'invalid-spec', /101 is a container/),
  of(
    'a linked clone of an ordinary VM',
    { image: { TemplateName: '100', CloneMode: 'linked' } },
    'invalid-spec',
    /image_json\.CloneMode: .*100 on pve3\) is no template.*full clone/,
  ),
  of(
    'a linked clone of an ordinary VM, as its class asks',
    { image: { TemplateName: 'legacy-app' }, class: { ExtraConfig: { cloneMode: 'linked' } } },
    'invalid-spec',
    /class_json\.CloneMode: .*is no template/,
  ),
  of(
    'a linked clone on another storage',
    { image: { CloneMode: 'linked' }, placement: { Datastore: 'shared' } },
    'invalid-spec',
    /placement_json\.Datastore: .*stays on "local-lvm".*full clone/,
  ),
  of('a snapshot that is not there', { image: { Snapshot: 'golden' } }, 'invalid-spec', /\.Snapshot: .*"golden".*none/),
  of(
    'a disk as a file of a node',
    { image: { TemplateName: '', Path: '/var/lib/libvirt/images/x.qcow2', Format: 'qcow2' } },
    'invalid-spec',
    /image_json\.Path: .*file of a node.*root@pam.*import/,
  ),
  of(
    'a disk that is an ISO',
    { image: { TemplateName: '', Path: 'local:iso/debian-12.iso' } },
    'invalid-spec',
    /image_json\.Path: .*is an ISO image/,
  ),
  of(
    'a disk that is not there',
    { image: { TemplateName: '', Path: 'local:import/x.qcow2', Storage: 'local-lvm' } },
    'invalid-spec',
    /"local:import\/x\.qcow2".*Datastore\.Audit.*no import files/,
  ),
  of(
    'a disk of another VM that is not there',
    { image: { TemplateName: '', Path: 'local-lvm:vm-100-disk-7', Storage: 'local-lvm', Node: 'pve3' } },
    'invalid-spec',
    /image_json\.Path: .*VM\.Clone on \/vms\/100\)\. On "local-lvm" there: local-lvm:vm-100-disk-0/,
  ),
  of(
    'an ISO that is not there',
    { image: { TemplateName: 'local:iso/debian-13.iso', Storage: 'shared' }, disks: [rootDisk(4)] },
    'invalid-spec',
    /debian-13\.iso.*On "local" there: local:iso\/debian-12\.iso/,
  ),
  of(
    'an ISO, and no size of the disk to install on',
    { image: { TemplateName: 'local:iso/debian-12.iso', Storage: 'shared' } },
    'invalid-spec',
    /^disks_json: .*size.*root.*DiskDefaults/,
  ),
  of(
    'a blank disk, and no storage for it',
    { image: { TemplateName: '', Blank: true }, disks: [rootDisk(4)] },
    'invalid-spec',
    /placement_json\.Datastore: .*several.*local-lvm, shared.*PVE_DEFAULT_STORAGE/,
  ),

  // Networks
  of('an unknown network', nics({ Name: 'moon' }), 'invalid-spec', /networks_json\[0\]\.Name: .*"moon".*lan=vmbr0/),
  of(
    'a bridge the node has not',
    nics({}, { Bridge: 'vmbr9' }),
    'invalid-spec',
    /networks_json\[1\]\.Bridge: .*vmbr9.*vmbr0/,
  ),
  of('a bad MAC', nics({ MacAddress: '02:00:00:aa:bb' }), 'invalid-spec', /networks_json\[0\]\.MacAddress: /),
  of('a multicast MAC', nics({ MacAddress: '01:00:00:aa:bb:cc' }), 'invalid-spec', /networks_json\[0\]\.MacAddress: /),
  of('VLAN 5000', nics({ VLAN: 5000 }), 'invalid-spec', /networks_json\[0\]\.VLAN: .*4094/),
  of(
    'an IP without prefix',
    nics({ StaticIP: '10.0.0.5' }),
    'invalid-spec',
    /networks_json\[0\]\.(Prefix|StaticIP): .*prefix/,
  ),
  of(
    'an IP that is none',
    nics({ StaticIP: '10.0.0.500', Prefix: 24 }),
    'invalid-spec',
    /networks_json\[0\]\.StaticIP: /,
  ),
  of(
    'a prefix of 33',
    nics({ StaticIP: '10.0.0.5', Prefix: 33 }),
    'invalid-spec',
    /networks_json\[0\]\.(Prefix|StaticIP): /,
  ),
  of('a gateway without address', nics({ Gateway: '10.0.0.1' }), 'invalid-spec', /networks_json\[0\]\.Gateway: /),
  of(
    'a gateway of the other family',
    nics({ StaticIP: '10.0.0.5', Prefix: 24, Gateway: '2001:db8::1' }),
    'invalid-spec',
    /\.Gateway: /,
  ),
  of('a name server that is no address', nics({ DNS: 'dns.local' }), 'invalid-spec', /networks_json\[0\]\.DNS: /),
  of('an unknown NIC model', nics({ Model: 'tulip' }), 'invalid-spec', /networks_json\[0\]\.Model: .*tulip/),
  of(
    'one MAC on two NICs',
    nics({ MacAddress: '02:00:00:00:00:01' }, { MacAddress: '02:00:00:00:00:01' }),
    'invalid-spec',
    /\[1\]\.MacAddress/,
  ),

  // Disks
  of('a disk smaller than the template', { disks: [rootDisk(4)] }, 'invalid-spec', /disks_json\[0\]\.SizeGiB: .*8G/),
  of(
    'a disk without size',
    { disks: [{ Name: 'root', SizeGiB: 0, Type: 'thin' }] },
    'invalid-spec',
    /disks_json\[0\]\.SizeGiB/,
  ),
  of('two disks of one name', { disks: [rootDisk(40), rootDisk(50)] }, 'invalid-spec', /disks_json\[1\]\.Name/),

  // Placement
  of(
    'a storage that is missing',
    { placement: { Datastore: 'ceph' } },
    'invalid-spec',
    /placement_json\.Datastore: .*"ceph".*local-lvm/,
  ),
  of(
    'a storage that takes no disks',
    { placement: { Datastore: 'local' } },
    'invalid-spec',
    /placement_json\.Datastore: .*"local"/,
  ),
  of(
    'another node than the template, which is on local storage',
    { placement: { Host: 'pve3' } },
    'invalid-spec',
    /placement_json\.Host: .*"local-lvm", which pve2 and pve3 do not share\. Allow pve2/,
  ),
  of(
    'several other nodes than the template',
    { placement: { Nodes: ['pve1', 'pve3'] } },
    'invalid-spec',
    /no node of placement_json\.Nodes can take it: pve[13]: .*do not share; pve[13]: .*do not share/,
  ),
  of(
    'a node that is none',
    { placement: { Host: 'pve9' } },
    'invalid-spec',
    /\.Host: .*"pve9"\. Nodes: pve1, pve2, pve3/,
  ),
  of(
    'a host that is not among the nodes',
    { placement: { Host: 'pve1', Nodes: ['pve2'] } },
    'invalid-spec',
    /placement_json\.Host: no node is in all of .*Host \(pve1\) and .*Nodes \(pve2\)/,
  ),
  of('a vSphere cluster', { placement: { Cluster: 'east' } }, 'invalid-spec', /placement_json\.Cluster: /),

  // Tags and user data
  of('an empty tag', { tags: ['web', ' '] }, 'invalid-spec', /^tags\[1\]: .*empty/),
  of('a tag of 65 characters', { tags: ['x'.repeat(65)] }, 'invalid-spec', /^tags\[0\]: .*64/),
  of('user data that is no YAML', { userData: '#cloud-config\nusers: [\n' }, 'invalid-spec', /^user_data: /),
  of('meta data that is no YAML', { metaData: 'a: [' }, 'invalid-spec', /^meta_data: /),
];

const snapshot = async (): Promise<string> => JSON.stringify([await flow.world.vms(), await flow.world.volumes()]);

describe('a create with', () => {
  it.each(rows)('%s is refused by name, and changes nothing', async (_title, request, kind, message) => {
    const before = await snapshot();
    const since = lastRequest(flow.sim);
    await expect(flow.client.create(request)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
    expect(writesSince(flow.sim, since)).toEqual([]);
    expect(await snapshot()).toBe(before);
  });

  it('has at least 40 rows', () => {
    expect(rows.length).toBeGreaterThanOrEqual(40);
  });
});

describe('an id that is', () => {
  it.each([
    ['empty', '', /^id: is missing/],
    ['a name', 'web-server', /^id: "web-server".*VMID/],
    ['too small', '99', /^id: "99"/],
    ["a container's", '101', /^id: 101 on pve3 is a container/],
  ])('%s is refused by every call', async (_what, id, message) => {
    const since = lastRequest(flow.sim);
    const refusal = { kind: 'invalid-spec', message: expect.stringMatching(message) };
    await expect(flow.client.describe({ id })).rejects.toMatchObject(refusal);
    await expect(flow.client.power({ id, op: PowerOp.OFF })).rejects.toMatchObject(refusal);
    await expect(flow.client.delete({ id })).rejects.toMatchObject(refusal);
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it('no power operation is refused', async () => {
    const refusal = { kind: 'invalid-spec', message: expect.stringMatching(/^op: /) };
    await expect(flow.client.power({ id: '100', op: PowerOp.UNSPECIFIED })).rejects.toMatchObject(refusal);
  });

  it('no task id is refused, and one of another provider is done, since nobody can ever ask for it', async () => {
    const refusal = { kind: 'invalid-spec', message: expect.stringMatching(/^task\.id: /) };
    await expect(flow.client.taskStatus({})).rejects.toMatchObject(refusal);
    expect(await flow.client.taskStatus({ task: { id: 'x' } })).toMatchObject({ done: true, error: '' });
  });
});
