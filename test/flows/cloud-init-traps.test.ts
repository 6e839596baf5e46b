import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requireSuccess, settle } from '#pve/tasks';
import type { OrphanReport } from '#doctor/orphans/orphan';
import type { Owner } from '#domain/owner';
import { type CreateRequest, PowerOp } from '#rpc/contract';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest } from '../support/requests.ts';
import { revoke } from '../support/rights.ts';
import { isoBytes, isoReader, readIsoFile, seedIsoOf } from '../support/seed-iso.ts';
import {
  createdInTheEnd,
  deletedInTheEnd,
  expectOneVm,
  forever,
  guestOf,
  type Stage,
  startStage,
} from '../support/stage.ts';
import { until } from '../support/until.ts';
import { vrtg } from '../support/vrtg.ts';
import { claimedVms, isSeedIso } from '../support/world.ts';

// What a cloud-init ISO brings with it: it lies on a storage, drives and snapshots and copies refer to it, and deleting it is
// a right of its own.

const userData = '#cloud-config\npackages: [nginx]\n';

let stage: Stage;
let volumes: ReadonlySet<string>;
beforeAll(async () => {
  stage = await startStage({ simulator: { timeScale: 100, latency: false } });
  volumes = new Set(Object.keys(stage.sim.world.volumes));
});
// What one test leaves when it fails is not the next one's.
afterEach(() => {
  stage.moments.clear();
  stage.sim.faults.clear();
  letShared(['images', 'iso']);
  const { guests, volumes: all } = stage.sim.world;
  for (const { vmid } of Object.values(guests)) if (vmid >= 100_000) delete guests[vmid];
  for (const key of Object.keys(all)) if (!volumes.has(key)) delete all[key];
});
afterAll(async () => await stage.stop());

/** What the shared storage takes; where that is no ISO, only the nodes' own storages do. */
function letShared(content: readonly string[]): void {
  const { storages } = stage.sim.world;
  const { shared } = storages;
  if (shared === undefined) throw new Error('there is no shared storage');
  storages['shared'] = { ...shared, content };
}

async function asRoot(method: 'post' | 'delete', path: string, form: Record<string, string | number> = {}) {
  requireSuccess(await settle(stage.pve, await stage.pve[method](path, forever, form), forever));
}

/** Leaves the owner's VM unfinished: PVE never answers the write that `at` is, and the caller gives up then. */
async function leftUnfinished(
  at: { readonly method: 'POST' | 'PUT'; readonly path: string },
  { client }: Pick<Stage, 'client'>,
  request: CreateRequest,
  owner: Partial<Owner> = {},
): Promise<string> {
  stage.sim.faults.add([{ ...at, action: { dropBefore: true } }]);
  const since = lastRequest(stage.sim);
  const giveUp = new AbortController();
  const outcome = outcomeOf(client.create(request, { owner, signal: giveUp.signal }));
  const isStopped = (write: string): boolean => write.startsWith(at.method) && new RegExp(at.path).test(write);
  await until(
    async () => await Promise.resolve(writesSince(stage.sim, since)),
    (writes) => writes.some(isStopped),
  );
  giveUp.abort();
  expect((await outcome).kind).toBe('cancelled');
  stage.sim.faults.clear();
  const [vm] = await claimedVms(stage.world, request.name);
  expect(vm).toMatchObject({ state: 'creating' });
  return String(vm?.vmid);
}

const LAST_WRITE = { method: 'PUT', path: '/config$' } as const;
const UPLOAD = { method: 'POST', path: '/upload$' } as const;

async function seedIsos(): Promise<string[]> {
  return (await stage.world.volumes()).filter(isSeedIso);
}

async function warningsOf(id: string): Promise<string> {
  const { providerRawJson } = await stage.client.describe({ id });
  return (JSON.parse(providerRawJson) as { warnings?: string }).warnings ?? '';
}

const at = (id: string): string => `/nodes/${guestOf(stage, id).node}/qemu/${id}`;
const isoOf = (id: string): string => seedIsoOf(guestOf(stage, id))?.volid ?? '';

describe('an ISO on local storage', () => {
  it('stops migration until it is out of the drive, and Describe tells so; a shared one does not', async () => {
    letShared(['images']);
    const held = await createdInTheEnd(await stage.another(1), 'held', { userData });
    expect(isoOf(held)).toMatch(/^local:iso\/vrtg-/);
    expect(await warningsOf(held)).toMatch(/own storage.*migrated.*HA/);
    await expect(asRoot('post', `${at(held)}/migrate`, { target: 'pve3' })).rejects.toMatchObject({
      logTail: expect.arrayContaining([expect.stringContaining('local cdrom')]),
    });
    await asRoot('post', `${at(held)}/config`, { [seedIsoOf(guestOf(stage, held))?.slot ?? '']: 'none,media=cdrom' });
    await asRoot('post', `${at(held)}/migrate`, { target: 'pve3' });
    letShared(['images', 'iso']);
    const free = await createdInTheEnd(await stage.another(1), 'free', { userData });
    expect(isoOf(free)).toMatch(/^shared:iso\/vrtg-/);
    expect(await warningsOf(free)).not.toMatch(/own storage/);
    await asRoot('post', `${at(free)}/migrate`, { target: 'pve3' });
    expect(isoOf(free)).toMatch(/^shared:iso\/vrtg-/);
    for (const id of [held, free]) await deletedInTheEnd(stage, id);
  });

  it('goes where the VM is in the end: one that moved between upload and attachment leaves none behind', async () => {
    letShared(['images']);
    const { client } = await stage.another(1);
    stage.sim.faults.add([{ method: 'POST', path: '/config$', action: { dropBefore: true } }]);
    const creation = client.create(createRequest({ name: 'mover', userData }));
    const [uploaded] = await until(seedIsos, (isos) => isos.length > 0);
    const [vm] = await claimedVms(stage.world, 'mover');
    const id = String(vm?.vmid);
    await asRoot('post', `${at(id)}/migrate`, { target: 'pve3' });
    stage.sim.faults.clear();
    expect((await creation).id).toBe(id);
    expect(uploaded).toBe(`pve2/${isoOf(id)}`);
    expect(await seedIsos()).toEqual([`pve3/${isoOf(id)}`]);
    await deletedInTheEnd(stage, id);
  });

  it('is refused for a VM that HA manages; once a shared storage takes ISOs the same VM is finished', async () => {
    letShared(['images']);
    const { client } = await stage.another(1);
    const id = await leftUnfinished(UPLOAD, { client }, createRequest({ name: 'guarded', userData }));
    await stage.pve.post('/cluster/ha/resources', forever, { sid: `vm:${id}`, state: 'stopped' });
    const refused = await until(
      async () => await outcomeOf(client.create(createRequest({ name: 'guarded', userData }))),
      ({ message }) => message.includes('HA'),
    );
    expect(refused).toMatchObject({ kind: 'busy', message: expect.stringMatching(/content type "iso".*out of HA/) });
    expect(await seedIsos()).toEqual([]);
    letShared(['images', 'iso']);
    expect(await createdInTheEnd(await stage.another(1), 'guarded', { userData })).toBe(id);
    expect(isoOf(id)).toMatch(/^shared:/);
    await stage.pve.delete(`/cluster/ha/resources/vm:${id}`, forever);
    await deletedInTheEnd(stage, id);
  });
});

describe('a snapshot', () => {
  it('keeps the ISO it names from being tidied away, and all of them go with the VM', async () => {
    const fresh = await stage.another(1);
    const id = await leftUnfinished(LAST_WRITE, fresh, createRequest({ name: 'kept', userData }));
    const first = isoOf(id);
    await asRoot('post', `${at(id)}/snapshot`, { snapname: 'before' });
    await asRoot('post', `${at(id)}/config`, { [seedIsoOf(guestOf(stage, id))?.slot ?? '']: 'none,media=cdrom' });
    // Another storage: the ISO is uploaded again, and the first one would be stale.
    const { client } = await stage.another(1, { PVE_ISO_STORAGE: 'local' });
    expect(await createdInTheEnd({ client }, 'kept', { userData })).toBe(id);
    expect(isoOf(id)).toMatch(/^local:/);
    expect((await seedIsos()).toSorted()).toEqual([first, `${guestOf(stage, id).node}/${isoOf(id)}`].toSorted());
    await deletedInTheEnd(stage, id);
    expect(await seedIsos()).toEqual([]);
  });

  it('that alone names an ISO does not keep it from going with the VM', async () => {
    const id = await createdInTheEnd(stage, 'once', { userData });
    await asRoot('post', `${at(id)}/snapshot`, { snapname: 'first-boot' });
    await asRoot('post', `${at(id)}/config`, { delete: seedIsoOf(guestOf(stage, id))?.slot ?? '' });
    expect(isoOf(id)).toBe('');
    expect(await seedIsos()).toHaveLength(1);
    await deletedInTheEnd(stage, id);
    expect(await seedIsos()).toEqual([]);
  });
});

describe('an ISO that somebody has ejected', () => {
  it('goes with its VM all the same', async () => {
    const id = await createdInTheEnd(stage, 'ejected', { userData });
    await asRoot('post', `${at(id)}/config`, { [seedIsoOf(guestOf(stage, id))?.slot ?? '']: 'none,media=cdrom' });
    expect(await seedIsos()).toHaveLength(1);
    await deletedInTheEnd(stage, id);
    expect(await seedIsos()).toEqual([]);
  });
});

describe('a copy of one of our VMs', () => {
  it.each([
    ['with an ISO of its own', { userData: '#cloud-config\npackages: [haproxy]\n' }],
    ["with PVE's own drive", {}],
  ])('%s has not its ISO in the drive, and neither its create nor its delete takes that away', async (_how, parts) => {
    const source = await createdInTheEnd(stage, 'golden', { userData });
    const iso = isoOf(source);
    await asRoot('post', `${at(source)}/template`);
    const copy = await createdInTheEnd(stage, 'copied', { image: { TemplateName: source }, ...parts });
    const own = isoOf(copy);
    expect(own).not.toBe(iso);
    expect(own === '').toBe(!('userData' in parts));
    expect(Object.values(guestOf(stage, copy).config).join()).not.toContain(iso);
    await deletedInTheEnd(stage, copy);
    expect(await seedIsos()).toEqual([iso]);
    expect(isoOf(source)).toBe(iso);
    await deletedInTheEnd(stage, source);
    expect(await seedIsos()).toEqual([]);
  });

  it('made by hand names the ISO of the original, and its own delete leaves that alone', async () => {
    const source = await createdInTheEnd(stage, 'original', { userData });
    const iso = isoOf(source);
    await asRoot('post', `${at(source)}/clone`, { newid: 555, full: 1, name: 'by-hand' });
    expect(isoOf('555')).toBe(iso);
    const { client } = await stage.another(1, { PVE_UNCLAIMED: 'accept' });
    await client.delete({ id: '555' });
    expect(stage.sim.world.guests[555]).toBeUndefined();
    expect(await seedIsos()).toEqual([iso]);
    await deletedInTheEnd(stage, source);
  });
});

describe('two sources of cloud-init', () => {
  it.each(['pc', 'q35'])("are never there on a %s: the template's drive goes, with its volume", async (machine) => {
    const volumes = await stage.world.volumes();
    const id = await createdInTheEnd(stage, `single-${machine}`, { userData, class: { Machine: machine } });
    const drives = Object.entries(guestOf(stage, id).config).filter(([, value]) => value.includes('media=cdrom'));
    expect(drives).toEqual([[machine === 'pc' ? 'ide2' : 'scsi30', expect.stringContaining(':iso/vrtg-')]]);
    const made = (await stage.world.volumes()).filter((volume) => !volumes.includes(volume));
    expect(made.filter((volume) => volume.includes('cloudinit'))).toEqual([]);
    await deletedInTheEnd(stage, id);
  });
});

describe('a missing right', () => {
  it('to delete ISOs (Datastore.Allocate) leaves one at the delete, with a warning, and orphans lists it', async () => {
    const id = await createdInTheEnd(stage, 'littering', { userData });
    const iso = isoOf(id);
    const restore = revoke(stage.sim, 'Datastore.Allocate', '/storage/shared', ['token']);
    const other = await createdInTheEnd(stage, 'no-less', { userData });
    await deletedInTheEnd(stage, id);
    expect(await claimedVms(stage.world, 'littering')).toEqual([]);
    expect(await seedIsos()).toContain(iso);
    const warning = stage.log.find((line) => line.includes('left behind') && line.includes(iso));
    expect(warning).toMatch(/WARN.*Datastore\.Allocate on \/storage\/shared/);
    const { code, out } = await vrtg(stage.sim, ['orphans', '-o', 'json']);
    const { orphans } = JSON.parse(out) as OrphanReport;
    expect([code, orphans]).toMatchObject([1, [{ kind: 'iso', volume: iso, commands: [`pvesm free ${iso}`] }]]);
    restore();
    await asRoot('delete', `/nodes/pve1/storage/shared/content/${iso}`);
    await deletedInTheEnd(stage, other);
  });

  it('to upload (Datastore.AllocateTemplate) makes a create use another storage, or refuses it before the copy', async () => {
    const restore = revoke(stage.sim, 'Datastore.AllocateTemplate', '/storage/shared', ['token']);
    const { client } = await stage.another(1);
    const id = await createdInTheEnd({ client }, 'elsewhere', { userData });
    expect(isoOf(id)).toMatch(/^local:/);
    const alsoLocal = revoke(stage.sim, 'Datastore.AllocateTemplate', '/storage/local', ['token']);
    const since = lastRequest(stage.sim);
    const fresh = await stage.another(1);
    expect(await outcomeOf(fresh.client.create(createRequest({ name: 'nowhere', userData })))).toMatchObject({
      kind: 'precondition',
      message: expect.stringContaining('Datastore.AllocateTemplate'),
    });
    expect(requestsSince(stage.sim, since).filter((request) => request.startsWith('POST'))).toEqual([]);
    alsoLocal();
    restore();
    await deletedInTheEnd(stage, id);
  });
});

describe('between two tries of one create', () => {
  it.skipIf(isoReader() === undefined)(
    'a changed secret gives one VM with one ISO, that of the second [needs xorriso or isoinfo]',
    async () => {
      const by = { namespace: 'team', name: 'rotated', uid: 'rotated-1' };
      const first = createRequest({ name: 'rotated', userData: '#cloud-config\npassword: old\n' });
      await leftUnfinished(LAST_WRITE, stage, first, by);
      expect(await seedIsos()).toHaveLength(1);
      const { client } = await stage.another(1);
      const id = await createdInTheEnd({ client }, 'rotated', { userData: '#cloud-config\npassword: new\n' }, by);
      await expectOneVm(stage, 'rotated', id);
      expect(await seedIsos()).toEqual([isoOf(id)]);
      expect(readIsoFile(isoBytes(stage.sim, isoOf(id)), 'user-data').toString()).toBe(
        '#cloud-config\npassword: new\n',
      );
      await deletedInTheEnd(stage, id);
    },
  );

  it.skipIf(isoReader() === undefined)(
    "the instance-id does not change, and the owner's own is kept [needs xorriso or isoinfo]",
    async () => {
      const before = isoOf(await leftUnfinished(LAST_WRITE, stage, createRequest({ name: 'stable', userData })));
      const since = lastRequest(stage.sim);
      const { client } = await stage.another(1);
      const id = await createdInTheEnd({ client }, 'stable', { userData });
      expect(isoOf(id)).toBe(before);
      expect(requestsSince(stage.sim, since).filter((request) => request.endsWith('/upload'))).toEqual([]);
      const metaData = (volid: string): string => readIsoFile(isoBytes(stage.sim, volid), 'meta-data').toString();
      expect(metaData(before)).toMatch(/^instance-id: "vrtg-[a-z2-7]{12}"$/m);
      const own = await createdInTheEnd(stage, 'reborn', { userData, metaData: 'instance-id: second-life\n' });
      expect(metaData(isoOf(own))).toMatch(/^instance-id: second-life$/m);
      for (const one of [id, own]) await deletedInTheEnd(stage, one);
    },
  );
});

describe("PVE's own drive", () => {
  it('gets another instance-id when its options change, and Describe tells what the next start will do', async () => {
    const id = await createdInTheEnd(stage, 'native');
    await stage.client.power({ id, op: PowerOp.ON });
    const drive = () =>
      Object.values(stage.sim.world.volumes).find(({ volid }) => volid.includes(`${id}-cloudinit`))?.seed;
    const { instanceId } = drive() ?? {};
    expect(await warningsOf(id)).toBe('');
    await stage.pve.put(`${at(id)}/config`, forever, { nameserver: '192.0.2.1' });
    expect(drive()?.instanceId).toBe(instanceId);
    const fresh = await stage.another(1);
    const { providerRawJson } = await fresh.client.describe({ id });
    expect(providerRawJson).toMatch(/cloud-init options.*\(nameserver\).*new SSH host keys/);
    await stage.client.power({ id, op: PowerOp.OFF });
    await stage.client.power({ id, op: PowerOp.ON });
    expect(drive()?.instanceId).not.toBe(instanceId);
    expect(await warningsOf(id)).toBe('');
    await deletedInTheEnd(stage, id);
  });
});
