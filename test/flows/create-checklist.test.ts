import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type CreateParts, createRequest } from '../support/requests.ts';
import { revoke } from '../support/rights.ts';
import { prepareSources, SOURCES } from '../support/sources.ts';
import { claimedVms, strayVolumes, type VmFacts } from '../support/world.ts';

// What VirtRigaud's own Proxmox provider does wrong when it creates, row by row (C1, C11, C14 to C17 of the checklist, and
// N7 and N8, which are about the node), and what this one does instead.

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { cluster: SOURCES, timeScale: 100 } });
  await prepareSources(flow);
});
afterAll(async () => {
  expect(strayVolumes(flow.sim)).toEqual([]);
  await flow.stop();
});

async function made(name: string, parts: CreateParts): Promise<VmFacts> {
  await flow.client.create(createRequest({ name, ...parts }));
  const [vm, ...others] = await claimedVms(flow.world, name);
  if (vm === undefined || others.length > 0) throw new Error(`there is not one VM ${name}`);
  expect(vm).toMatchObject({ state: 'ready' });
  return vm;
}

/** How a create is refused that writes nothing but perhaps the call that PVE itself refuses. */
async function refusalOf(name: string, parts: CreateParts): Promise<{ kind: string; message: string }> {
  const volumes = await flow.world.volumes();
  const error = await flow.client.create(createRequest({ name, ...parts })).then(
    () => ({ kind: 'ok', message: '' }),
    ({ kind, message }: { kind: string; message: string }) => ({ kind, message }),
  );
  expect(await claimedVms(flow.world, name)).toEqual([]);
  expect(await flow.world.volumes()).toEqual(volumes);
  return error;
}

describe('C1: a template is found by its name, wherever it is', () => {
  it('C1: on another node than the one that is asked, and by its VMID as well', async () => {
    expect(await made('by-name', { image: { TemplateName: 'ubuntu-22-template' } })).toMatchObject({ node: 'pve2' });
    expect(await made('by-id', { image: { TemplateName: '9000' } })).toMatchObject({ node: 'pve1' });
  });

  it('C1: a name that two of them bear is refused with where they are, and a template goes before a VM', async () => {
    const { guests } = flow.sim.world;
    const twins = [9100, 9101].flatMap((vmid) => guests[vmid] ?? []);
    const names = twins.map(({ config }) => config['name'] ?? '');
    for (const { config } of twins) config['name'] = 'two-of-a-name';
    await flow.sim.clock.sleep(15_000, AbortSignal.timeout(30_000));
    expect(await refusalOf('of-twins', { image: { TemplateName: 'two-of-a-name' } })).toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(/9100 on pve2, 9101 on pve2.*VMID/),
    });
    for (const [index, { config }] of twins.entries()) config['name'] = names[index] ?? '';
  });
});

describe('C1: a template on a node that is off', () => {
  it('C1: is not mistaken for a VM of its name', async () => {
    const { guests, stats } = flow.sim.world;
    const config = guests[9107]?.config ?? {};
    await flow.sim.setNodeOnline('pve3', false);
    config['name'] = 'busy';
    for (const heard of Object.values(stats)) delete heard[9107];
    // Every API worker keeps its own copy of what it has heard for two seconds.
    await flow.sim.clock.sleep(5_000, AbortSignal.timeout(30_000));
    const { kind, message } = await refusalOf('of-hidden', { image: { TemplateName: 'busy' } });
    expect(kind).toBe('busy');
    expect(message).toMatch(/TemplateName: there is no template "busy".*pve3.*by its VMID/);
    await flow.sim.setNodeOnline('pve3', true);
    config['name'] = 'twin';
    expect(await made('of-busy', { image: { TemplateName: '113' } })).toMatchObject({ node: 'pve1' });
  });
});

describe('C11: how a template is copied is what was asked for', () => {
  it.each([
    ['full', undefined, { image: { CloneMode: 'full', Storage: 'ceph' } }],
    ['linked', 'base-9001', { class: { ExtraConfig: { cloneMode: 'linked' } } }],
  ])('C11: %s', async (mode, parent, parts: CreateParts) => {
    const { config } = await made(`copied-${mode}`, parts);
    const volid = config['scsi0']?.split(',')[0] ?? '';
    const volume = Object.values(flow.sim.world.volumes).find((each) => each.volid === volid);
    expect(volume?.storage).toBe(mode === 'full' ? 'ceph' : 'local-lvm');
    expect(volume?.parent ?? '').toContain(parent ?? '');
    expect(volume?.parent === undefined).toBe(mode === 'full');
  });
});

describe('C14: what keeps a VM from being made is told by its kind', () => {
  const blank = (storage: string, node = 'pve1'): CreateParts => ({
    image: { TemplateName: '', Blank: true, Storage: storage },
    class: { DiskDefaults: { SizeGiB: 100, Type: '' } },
    placement: { Host: node },
  });

  it.each(['thick', 'zfs'])('C14: no room on %s is ResourceExhausted', async (storage) => {
    const { [storage]: state } = flow.sim.world.storages;
    if (state === undefined) throw new Error(`there is no storage ${storage}`);
    const { totalBytes } = state;
    flow.sim.world.storages[storage] = { ...state, totalBytes: 1024 };
    const { kind, message } = await refusalOf(`no-room-on-${storage}`, blank(storage));
    expect([kind, message]).toEqual(['exhausted', expect.stringMatching(/Free space on the storage/)]);
    flow.sim.world.storages[storage] = { ...state, totalBytes };
  });

  it('C14: a missing right is PermissionDenied, and names it', async () => {
    const giveBack = revoke(flow.sim, 'VM.Clone', '/vms', ['user', 'token']);
    expect(await refusalOf('no-right', {})).toMatchObject({
      kind: 'forbidden',
      message: expect.stringMatching(/VM\.Clone/),
    });
    giveBack();
  });

  it('C14: a lock is Aborted, a node that is down FailedPrecondition; neither is a mistake of the request', async () => {
    const template = flow.sim.world.guests[9001];
    if (template === undefined) throw new Error('there is no template');
    template.config['lock'] = 'backup';
    const locked = flow.client.create(createRequest({ name: 'locked' }), { deadlineMs: 4_000 });
    await expect(locked).rejects.toMatchObject({ kind: 'busy', message: expect.stringContaining('locked (backup)') });
    delete template.config['lock'];
    await flow.sim.setNodeOnline('pve2', false);
    expect(await refusalOf('down', {})).toMatchObject({
      kind: 'precondition',
      message: expect.stringContaining('pve2'),
    });
    await flow.sim.setNodeOnline('pve2', true);
  });
});

describe('C15: nothing is sent that PVE does not know, and nothing is skipped', () => {
  it.each<[string, CreateParts, RegExp]>([
    [
      'a key that nobody here knows',
      { image: { template_node: 'pve2' } },
      /image_json\.template_node: .*does not know the key/,
    ],
    ['one of a class', { class: { FullClone: 1 } }, /class_json\.FullClone: /],
    ['an extra setting that is on no list', { class: { ExtraConfig: { full_clone: '1' } } }, /ExtraConfig\.full_clone/],
    ['a value of the wrong type', { image: { TemplateName: 9001 } }, /image_json\.TemplateName: must be a text/],
  ])('C15: %s is refused by name', async (_what, parts, message) => {
    const since = lastRequest(flow.sim);
    expect(await refusalOf('strict', parts)).toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(message),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it('C15: the calls that make VMs have no parameter but PVE’s own', async () => {
    const since = lastRequest(flow.sim);
    await made('plain', {});
    await made('plain-new', {
      image: { TemplateName: 'local:iso/debian-12.iso', Storage: 'ceph' },
      class: { DiskDefaults: { SizeGiB: 4 } },
    });
    const params = (path: RegExp) =>
      flow.sim.journal
        .after(since)
        .filter((each) => path.test(each.path))
        .flatMap((each) => Object.keys(each.params))
        .sort();
    // The path's own are among them.
    expect(params(/\/clone$/)).toEqual(['description', 'full', 'name', 'newid', 'node', 'vmid']);
    expect(params(/\/qemu$/)).toEqual([
      'boot',
      'cpu',
      'description',
      'name',
      'node',
      'ostype',
      'sata0',
      'scsi0',
      'scsihw',
      'vmid',
    ]);
  });
});

describe('C16: a name that no VM can have', () => {
  it.each(['web_server', 'Web Server', `${'a'.repeat(64)}.example`])(
    'C16: "%s" is refused, not changed',
    async (name) => {
      const since = lastRequest(flow.sim);
      const refused = flow.client.create(createRequest({ name }));
      await expect(refused).rejects.toMatchObject({ kind: 'invalid-spec', message: expect.stringMatching(/^name: /) });
      expect(writesSince(flow.sim, since)).toEqual([]);
    },
  );

  it('C16: one with dots is its name in PVE', async () => {
    expect((await made('web-1.example.org', {})).config['name']).toBe('web-1.example.org');
  });
});

describe('C17: an image that names nothing', () => {
  it.each<[string, Record<string, unknown>]>([
    ['an unprepared VMImage', { TemplateName: '', Path: '', Format: 'template' }],
    ['blanks', { TemplateName: '  ' }],
    ['a blank disk that is not asked for', { TemplateName: '', Blank: false }],
  ])('C17: %s makes no VM without a disk, but an error that says what to set', async (_what, image) => {
    const since = lastRequest(flow.sim);
    expect(await refusalOf('diskless', { image })).toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(/names no template.*Set the VMImage's source/),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
  });
});

describe('N7 and N8: the node of a VM', () => {
  it('N7: a clone is sent to the node of its template, with the other one as its target', async () => {
    const since = lastRequest(flow.sim);
    const vm = await made('elsewhere', { image: { TemplateName: 'shared-template' }, placement: { Host: 'pve1' } });
    expect(vm.node).toBe('pve1');
    const clone = flow.sim.journal.after(since).find(({ path }) => path.endsWith('/clone'));
    expect(clone).toMatchObject({ path: '/nodes/pve2/qemu/9100/clone', params: { target: 'pve1' } });
  });

  it('N8: the selector is not its first entry: what is off, or has not what the VM needs, is passed over', async () => {
    const { client, end } = await flow.another(0, {
      PVE_NODE_SELECTOR: 'pve1,pve3',
      PVE_NODE_SELECTOR_MODE: 'require',
    });
    const image = { TemplateName: '', Path: 'local:import/disk.qcow2', Storage: 'local-lvm' };
    await client.create(createRequest({ name: 'chosen', image }));
    expect(await claimedVms(flow.world, 'chosen')).toMatchObject([{ node: 'pve3', state: 'ready' }]);
    await end();
  });
});
