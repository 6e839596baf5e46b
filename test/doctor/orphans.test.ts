import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { imageFileName } from '#claim/image-file';
import { formatIsoName } from '#cloudinit/file-name';
import type { OrphanReport } from '#doctor/orphans/orphan';
import { asUpid, type Vmid } from '#pve/ids';
import { settle, waitForTask } from '#pve/tasks';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { placeImport, qcow2 } from '../support/images.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { runAsRoot, vrtg } from '../support/vrtg.ts';
import { setQuorum } from '../pve-sim/quorum.ts';

const forever = deadlineIn(Number.POSITIVE_INFINITY);
const userData = '#cloud-config\n';

let flow: Flow;
let volumes: string[];
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 100, latency: false } });
});
afterAll(async () => await flow.stop());
beforeEach(async () => {
  volumes = await flow.world.volumes();
});
afterEach(async () => {
  flow.sim.faults.clear();
  for (const { vmid } of await flow.world.vms()) if (vmid >= 100_000) delete flow.sim.world.guests[vmid];
  for (const [key, { volid, node }] of Object.entries(flow.sim.world.volumes)) {
    if (!volumes.includes(node === undefined ? volid : `${node}/${volid}`)) delete flow.sim.world.volumes[key];
  }
});

function guest(id: number | string) {
  const found = flow.sim.world.guests[Number(id)];
  if (found === undefined) throw new Error(`there is no guest ${id}`);
  return found;
}

async function made(name: string): Promise<number> {
  return Number((await flow.client.create(createRequest({ name, userData }))).id);
}

/** The exit code and what it says as data. */
async function orphans(environment: Record<string, string> = {}): Promise<OrphanReport & { code: number }> {
  const since = lastRequest(flow.sim);
  const { code, out, err } = await vrtg(flow.sim, ['orphans', '-o', 'json'], environment);
  // Without Sys.Audit on / the connection says that it cannot know its cluster.
  expect(err.replace(/^.*which cluster this is.*\n/gm, '')).toBe('');
  expect(writesSince(flow.sim, since)).toEqual([]);
  return { code, ...(JSON.parse(out) as OrphanReport) };
}

/** Runs the lines it gives, and looks again: nothing may be left of what was not there before. */
async function expectRemediesToRemoveAll({ orphans: list }: OrphanReport): Promise<void> {
  for (const { node, commands } of list) await runAsRoot(flow.sim, flow.pve, node, commands);
  expect(await orphans()).toMatchObject({ code: 0, orphans: [], unseen: [] });
  expect(await flow.world.volumes()).toEqual(volumes);
  expect((await flow.world.vms()).filter(({ vmid }) => vmid >= 100_000)).toEqual([]);
}

async function allocate(storage: string, vmid: number, node = 'pve1', name = `vm-${vmid}-disk-0`): Promise<string> {
  const content = `/nodes/${node}/storage/${storage}/content`;
  return (await flow.pve.post(content, forever, { vmid, filename: name, size: '1G' })) as string;
}

function addIso(name: string): string {
  const volid = `shared:iso/${name}`;
  const [template] = Object.values(flow.sim.world.volumes).filter(({ content }) => content === 'iso');
  if (template === undefined) throw new Error('there is no ISO');
  flow.sim.world.volumes[volid] = { ...template, volid, storage: 'shared', node: undefined };
  return volid;
}

function edit(id: number, change: (description: string) => string): void {
  const { config } = guest(id);
  config['description'] = change(config['description'] ?? '');
}

describe('where nothing is left', () => {
  it('says so and what it has looked at, in few requests and without waiting', async () => {
    await made('fine');
    const since = lastRequest(flow.sim);
    const { code, out } = await vrtg(flow.sim, ['orphans']);
    expect({ code, out }).toEqual({
      code: 0,
      out: [
        'Nothing is left behind.',
        'Looked at nodes pve1, pve2, pve3, storages local, local-lvm, shared and 1 VMs with ids 100000-999999, as instance test/flow.',
        'Other storages, if there are any, are hidden from this token (Datastore.Audit).',
        '',
      ].join('\n'),
    });
    const requests = requestsSince(flow.sim, since);
    expect(requests.filter((request) => /\/qemu\//.test(request))).toHaveLength(1);
    expect(requests.length).toBeLessThanOrEqual(22);
  });

  it("leaves other instances' VMs to them, and tells of them", async () => {
    const id = await made('theirs');
    edit(id, (text) => text.replace('"s":"ready"', '"s":"creating"').replace('test/flow', 'other/one'));
    const stub = await made('their-stub');
    edit(stub, (text) => text.replace('"s":"ready"', '"s":"creating"').replace('test/flow', 'other/one'));
    guest(stub).config['lock'] = 'clone';
    expect(await orphans()).toMatchObject({ code: 0, orphans: [], looked: { otherInstances: { 'other/one': 2 } } });
  });
});

describe('a disk image that was fetched', () => {
  it('is listed where its template does not need it or is gone, or a day after it was brought by itself', async () => {
    const id = await made('template-to-be');
    const incarnation = /"c":"([a-z2-7]{12})"/.exec(guest(id).config['description'] ?? '')?.[1] ?? '';
    const place = (name: string): string => {
      placeImport(flow.sim, 'pve2', `local:import/${name}`, qcow2(1), 'qcow2');
      return `local:import/${name}`;
    };
    const needless = place(imageFileName(id as Vmid, incarnation, 'qcow2'));
    const gone = place(imageFileName(100_500 as Vmid, 'aaaaaaaaaaaa', 'raw'));
    const old = place('vrtg-migrated-0123456789ab.qcow2');
    place(imageFileName(500 as Vmid, 'aaaaaaaaaaaa', 'raw'));
    place('debian-0123456789ab.qcow2');
    const fresh = place('vrtg-migrated-ba9876543210.qcow2');
    const file = flow.sim.world.volumes[`pve2/${fresh}`];
    if (file === undefined) throw new Error('there is no file');
    flow.sim.world.volumes[`pve2/${fresh}`] = { ...file, ctime: Math.floor(flow.sim.clock.now() / 1000) };
    const report = await orphans();
    expect(report).toMatchObject({ code: 1, unseen: [] });
    const listed = report.orphans.map(({ kind, volume, vmid, node }) => `${kind} ${volume} ${vmid} ${node}`);
    const expected = [`${needless} ${id}`, `${gone} 100500`, `${old} undefined`].map((one) => `download ${one} pve2`);
    expect(new Set(listed)).toEqual(new Set(expected));
    expect(listed).toHaveLength(3);
    edit(id, (text) => text.replace('"s":"ready"', '"s":"creating"'));
    // What is still to become a template needs its file.
    const kinds = (await orphans()).orphans.map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['download', 'download', 'unfinished']);
  });
});

describe('a VM that nobody works on', () => {
  it('is listed as a stub where a copy was killed hard, with its volumes', async () => {
    flow.sim.faults.add([{ task: 'qmclone', action: { killWorker: 'KILL', afterMs: 20_000 } }]);
    const upid = await flow.pve.post('/nodes/pve2/qemu/9001/clone', forever, {
      newid: 100_500,
      full: true,
      bwlimit: 1024,
    });
    expect(await settle(flow.pve, upid, forever)).toMatchObject({ outcome: 'failed' });
    const left = Object.values(flow.sim.world.volumes).flatMap(({ vmid, volid }) => (vmid === 100_500 ? [volid] : []));
    expect(left).toHaveLength(2);
    // The drive that was done stands in the configuration and goes with it; the other one has to be freed.
    const unnamed = left.filter(
      (volid) => !Object.values(guest(100_500).config).some((value) => value.includes(volid)),
    );
    expect(unnamed).toHaveLength(1);
    const report = await orphans();
    expect(report).toMatchObject({ code: 1, unseen: [], workedOn: [] });
    expect(report.orphans).toEqual([
      {
        kind: 'stub',
        vmid: 100_500,
        node: 'pve2',
        why: 'locked (clone) by a create that died, and nobody works on it; nothing in it says whose it was',
        commands: ['qm unlock 100500', 'qm destroy 100500', ...unnamed.map((volid) => `pvesm free ${volid}`)],
        volumes: left,
      },
    ]);
    await expectRemediesToRemoveAll(report);
  });

  it('is listed as a stub also where our claim is in it already, and told whose it was', async () => {
    const id = await made('half');
    edit(id, (text) => text.replace('"s":"ready"', '"s":"creating"'));
    guest(id).config['lock'] = 'clone';
    const report = await orphans();
    expect(report.orphans).toMatchObject([
      { kind: 'stub', why: expect.stringMatching(/made for VM half at 20\d\d-/), volumes: expect.any(Array) },
    ]);
    await expectRemediesToRemoveAll(report);
  });

  it('is listed where a delete has left its lock', async () => {
    const id = await made('destroyed');
    const release = await flow.sim.holdLock('user.cfg', 600_000);
    const upid = await flow.pve.delete(`/nodes/pve2/qemu/${id}`, forever);
    expect(await settle(flow.pve, upid, forever)).toMatchObject({ outcome: 'failed' });
    const report = await orphans();
    release?.();
    expect(report.orphans).toMatchObject([
      {
        kind: 'destroyed',
        vmid: id,
        commands: [`qm unlock ${id}`, `qm destroy ${id}`, expect.stringContaining('pvesm free shared:iso')],
      },
    ]);
    await expectRemediesToRemoveAll(report);
  });

  it.each([
    ['creating', 'unfinished', /a create that stopped on its way and was never repeated; made for VM stopped/],
    ['void', 'void', /it was being taken away/],
  ])('is listed where our claim says %s', async (state, kind, why) => {
    const id = await made('stopped');
    edit(id, (text) => text.replace('"s":"ready"', `"s":"${state}"`));
    const report = await orphans();
    expect(report).toMatchObject({ code: 1 });
    expect(report.orphans).toMatchObject([
      {
        kind,
        vmid: id,
        node: 'pve2',
        why: expect.stringMatching(why),
        commands: [`pvesh delete /nodes/pve2/qemu/${id}`, expect.stringMatching(/^pvesm free shared:iso\/vrtg-/)],
      },
    ]);
    await expectRemediesToRemoveAll(report);
  });
});

describe('a VM that somebody works on', () => {
  it('is not listed, and is told of', async () => {
    const copy = { newid: 100_501, full: true, bwlimit: 1024 };
    const upid = asUpid(String(await flow.pve.post('/nodes/pve2/qemu/9001/clone', forever, copy)));
    if (upid === undefined) throw new Error('no task');
    const { code, orphans: list, workedOn } = await orphans();
    expect({ code, list, workedOn }).toEqual({
      code: 0,
      list: [],
      workedOn: [{ vmid: 100_501, node: 'pve2', why: expect.stringContaining('a task that may be working on it') }],
    });
    await flow.pve.delete(`/nodes/pve2/tasks/${upid}`, forever);
    await waitForTask(flow.pve, upid, forever);
  });
});

describe('volumes', () => {
  it('that no VM names are listed, and those that one names in any way are not', async () => {
    const id = await made('owner');
    const { config, pending, snapshots } = guest(id);
    const gone = await allocate('local-lvm', 100_777);
    const unnamed = await allocate('shared', id, 'pve1', `vm-${id}-disk-9.raw`);
    config['unused0'] = await allocate('shared', id, 'pve1', `vm-${id}-disk-5.raw`);
    pending['scsi7'] = await allocate('shared', id, 'pve1', `vm-${id}-disk-6.raw`);
    snapshots['before'] = { snaptime: '1', scsi9: await allocate('shared', id, 'pve1', `vm-${id}-disk-7.raw`) };
    guest(100).config['scsi5'] = await allocate('local-lvm', 100_778, 'pve3');
    await allocate('local-lvm', 4711);
    const report = await orphans();
    const ofId = report.orphans.map(({ kind, volume, node, why, caution, commands }) => ({
      kind,
      volume,
      node,
      why,
      caution,
      commands,
    }));
    expect(ofId).toEqual([
      {
        kind: 'volume',
        volume: gone,
        node: 'pve1',
        why: 'there is no VM 100777, and no other VM names it',
        caution: undefined,
        commands: [`pvesm free ${gone}`],
      },
      {
        kind: 'volume',
        volume: unnamed,
        node: 'pve1',
        why: `VM ${id} does not name it, and no other VM does`,
        caution: `make sure that no other cluster uses the storage: the volume may be its VM ${id}'s`,
        commands: [`pvesm free ${unnamed}`],
      },
    ]);
    delete guest(100).config['scsi5'];
  });

  it('of cloud-init are listed where the VM is gone, is another one, or uses another ISO', async () => {
    const going = await made('going');
    await flow.pve.delete(`/nodes/pve2/qemu/${going}`, forever);
    await until(
      async () => await Promise.resolve(flow.sim.world.guests[going]),
      (found) => found === undefined,
    );
    const id = await made('staying');
    const incarnation = /"c":"([a-z2-7]{12})"/.exec(guest(id).config['description'] ?? '')?.[1] ?? '';
    const earlier = addIso(formatIsoName(id, 'aaaaaaaaaaaa', Buffer.from('1')));
    const stale = addIso(formatIsoName(id, incarnation, Buffer.from('2')));
    const kept = addIso(formatIsoName(id, incarnation, Buffer.from('3')));
    const copied = addIso(formatIsoName(100_900, incarnation, Buffer.from('4')));
    guest(id).snapshots['before'] = { snaptime: '1', ide3: `${kept},media=cdrom` };
    guest(100).config['ide3'] = `${copied},media=cdrom`;
    const report = await orphans();
    delete guest(100).config['ide3'];
    const whys = Object.fromEntries(report.orphans.map(({ volume, why }) => [volume ?? '', why]));
    expect(whys).toEqual({
      [Object.keys(whys).find((volid) => volid.includes(`vrtg-${going}-`)) ?? 'none']:
        `cloud-init of VM ${going}, which is gone`,
      [earlier]: `cloud-init of an earlier VM ${id}; the VM that has the id now is another one`,
      [stale]: `an earlier cloud-init of VM ${id}, which does not use it`,
    });
    expect(report.orphans.every(({ kind }) => kind === 'iso')).toBe(true);
  });
});

describe('what could not be looked at', () => {
  const deny = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
    const { access } = flow.sim.world;
    const { acl } = access;
    access.acl = [...acl, { path, subject: flow.sim.token.id, role: 'NoAccess', propagate: true }];
    try {
      return await work();
    } finally {
      access.acl = acl;
    }
  };

  it('is told with the privilege: the tasks of a node', async () => {
    const id = await made('hidden-tasks');
    edit(id, (text) => text.replace('"s":"ready"', '"s":"creating"'));
    const { code, orphans: list, unseen } = await deny('/nodes', async () => await orphans());
    expect({ code, list }).toEqual({ code: 2, list: [] });
    expect(unseen).toContainEqual({
      what: `VM ${id} on pve2`,
      why: 'it is not finished, and without Sys.Audit PVE does not show whether somebody works on it',
      remedy: 'Grant Sys.Audit on /nodes/pve2 to the user and to the API token',
    });
  });

  it('is told with the privilege: a VM by which an id is in use', async () => {
    const id = await made('hidden');
    const { code, orphans: list, unseen } = await deny(`/vms/${id}`, async () => await orphans());
    expect({ code, list }).toEqual({ code: 2, list: [] });
    expect(unseen).toEqual([
      {
        what: `volumes of VM ${id}`,
        why: `VMID ${id} is in use, and PVE does not show us by what`,
        remedy: `Grant VM.Audit on /vms/${id} to the user and to the API token`,
      },
    ]);
  });

  it('is told with the privilege: all VMs, and quorum', async () => {
    const { code, unseen } = await deny('/vms', async () => await orphans());
    expect(code).toBe(2);
    expect(unseen).toContainEqual(
      expect.objectContaining({ what: 'VMs', remedy: expect.stringMatching(/VM\.Audit on \/vms /) }),
    );
    const without = await deny('/', async () => await orphans());
    expect(without.code).toBe(2);
    expect(without.unseen[0]).toMatchObject({
      what: 'the cluster',
      remedy: expect.stringMatching(/Sys\.Audit on \/ /),
    });
  });

  it('is told with the privilege: a storage that a VM uses, and disks that PVE leaves out', async () => {
    const id = await made('on-hidden-storage');
    const without = await deny('/storage/shared', async () => await orphans());
    expect(without).toMatchObject({ code: 2, orphans: [] });
    expect(without.unseen).toEqual([
      {
        what: 'storage shared',
        why: `VM ${id} uses it, and PVE does not show it to us`,
        remedy: 'Grant Datastore.Audit on /storage/shared to the user and to the API token',
      },
    ]);
    const { access } = flow.sim.world;
    const { acl, roles } = access;
    access.roles = { ...roles, OnlyAllocate: ['Datastore.AllocateSpace'] };
    access.acl = acl.map((entry) => (entry.path === '/storage/local-lvm' ? { ...entry, role: 'OnlyAllocate' } : entry));
    const shortened = await orphans();
    Object.assign(access, { acl, roles });
    expect(shortened.code).toBe(2);
    expect(shortened.unseen.map(({ what, remedy }) => `${what}: ${remedy}`)).toEqual(
      ['pve1', 'pve2', 'pve3'].map(
        (node) =>
          `the disks on storage local-lvm (${node}): Grant Datastore.Audit on /storage/local-lvm to the user and to the API token`,
      ),
    );
  });

  it('is told by name: a node that is off, and nothing is claimed of volumes that its VMs may name', async () => {
    const volid = await allocate('shared', 100_779, 'pve1', 'vm-100779-disk-0.raw');
    const local = await allocate('local-lvm', 100_780);
    await flow.sim.setNodeOnline('pve3', false);
    try {
      await until(
        async () => (await flow.pve.get('/nodes', forever)) as { node: string; status: string }[],
        (nodes) => nodes.some(({ node, status }) => node === 'pve3' && status === 'offline'),
      );
      const { code, orphans: list, unseen } = await orphans();
      expect(code).toBe(2);
      expect(list).toMatchObject([{ volume: local }]);
      expect(unseen).toEqual([
        {
          what: 'node pve3',
          why: 'it is off, so its local storages and its VMs (1) could not be looked at',
          remedy: 'Look again once the node is back',
        },
        {
          what: `volume ${volid} on pve1`,
          why: 'no VM that could be read names it, but VM 100 could not be read',
          remedy: 'See what is said about them',
        },
      ]);
    } finally {
      await flow.sim.setNodeOnline('pve3', true);
    }
  });

  it('is told without quorum, and no volume is then called nobody’s', async () => {
    await allocate('local-lvm', 100_781);
    setQuorum(flow.sim.world, false);
    const { code, orphans: list, unseen } = await orphans();
    setQuorum(flow.sim.world, true);
    expect({ code, list }).toEqual({ code: 2, list: [] });
    expect(unseen).toContainEqual(
      expect.objectContaining({ what: 'the cluster', why: expect.stringContaining('no quorum') }),
    );
  });
});
