import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderClient } from '#rpc/client';
import type { CreateResponse } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { stateOf } from '../support/kill-matrix.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { addImages, PAGE_SHA256, prepareRequest, RAW_SHA256, takeSeconds, WEB } from '../support/web-images.ts';
import { claimedVms, newVolumes, type VmFacts } from '../support/world.ts';

// Templates that are there, and templates that are made of images in the web.

let flow: Flow;
let other: ProviderClient;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 150, latency: false } });
  addImages(flow.sim);
  ({ client: other } = await flow.another(1));
});
afterAll(async () => await flow.stop());

async function template(id: string): Promise<VmFacts> {
  const vm = (await flow.world.vms()).find(({ vmid }) => String(vmid) === id);
  if (vm === undefined) throw new Error(`there is no ${id}`);
  return vm;
}

const nodes = ['pve1', 'pve2', 'pve3'];

/** What answers a prepare of `/slow.qcow2` that outlasts its call; the download goes on until it is told to hurry. */
async function outlasting(client: ProviderClient, wish: ReturnType<typeof prepareRequest>) {
  takeSeconds(flow.sim, WEB, '/slow.qcow2', 2_000);
  const { answer } = await until(
    async () => await outcomeOf(client.imagePrepare(wish, { deadlineMs: 1_600 })),
    ({ kind }) => kind !== 'busy',
  );
  return answer;
}
/** As a manager asks: PVE's list shows a new template some seconds later. */
async function createdOf(request: Parameters<ProviderClient['create']>[0]): Promise<CreateResponse> {
  const { answer, message } = await until(
    async () => await outcomeOf(flow.client.create(request)),
    ({ kind }) => kind !== 'busy',
  );
  if (answer === undefined) throw new Error(message);
  return answer;
}
const hurry = (): void => takeSeconds(flow.sim, WEB, '/slow.qcow2', 1);
const downloads = (since: number): string[] =>
  writesSince(flow.sim, since).filter((entry) => entry.endsWith('/download-url'));

describe('ImagePrepare', () => {
  it('I1, I2, I5: makes one template of an image, whoever asks how often, and gives the id that Create takes', async () => {
    const before = await stateOf(flow.world);
    const since = lastRequest(flow.sim);
    const wish = prepareRequest('ubuntu-24', { path: '/cloud.img?signature=secret' });
    const answers = await Promise.all([
      flow.client.imagePrepare(wish),
      flow.client.imagePrepare(wish),
      other.imagePrepare(wish),
    ]);
    const [{ preparedImageId: id, preparedImagePath: disk }] = answers;
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(downloads(since)).toHaveLength(1);
    const { config, node, template: isTemplate } = await template(id);
    expect(isTemplate).toBe(true);
    expect(config).toMatchObject({
      name: 'ubuntu-24',
      agent: '1',
      boot: 'order=scsi0',
      ide2: `local-lvm:vm-${id}-cloudinit,media=cdrom`,
      scsi0: expect.stringContaining(`${disk},`),
      description: expect.stringMatching(/^<!-- virtrigaud 1 .*"k":"image".*"s":"ready"[^\n]*$/),
    });
    const made = newVolumes(before.volumes, await flow.world.volumes());
    expect(made.sort()).toEqual([`${node}/${disk}`, `${node}/local-lvm:vm-${id}-cloudinit`].sort());
    expect((await stateOf(flow.world)).vms).toEqual(expect.arrayContaining([...before.vms, Number(id)]));
    expect(flow.log.filter((line) => line.includes('signature=secret'))).toEqual([]);
    // The same content from elsewhere is the same image.
    const again = lastRequest(flow.sim);
    expect(await other.imagePrepare(prepareRequest('ubuntu-24', { path: '/moved.qcow2' }))).toEqual(answers[0]);
    expect(writesSince(flow.sim, again)).toEqual([]);
    const vm = await createdOf(
      createRequest({ name: 'of-image', image: { TemplateName: id }, networks: [nic()], disks: [rootDisk(4)] }),
    );
    expect((await template(vm.id)).config['scsi0']).toMatch(/size=4G/);
    expect((await template(vm.id)).config['description']).not.toContain('virtrigaud-image');
  });

  it('I3: tells of an image that was compared with nothing, and never makes a template of a wrong one', async () => {
    const before = await stateOf(flow.world);
    const wrong = await outcomeOf(flow.client.imagePrepare(prepareRequest('wrong', { checksum: '0'.repeat(64) })));
    expect(wrong).toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(
        /^image wrong \(\d+ on pve\d\): prepare: .*checksum mismatch.*Correct the checksum/,
      ),
    });
    expect(await stateOf(flow.world)).toEqual(before);
    const { preparedImageId: id } = await flow.client.imagePrepare(prepareRequest('unchecked', { checksum: '' }));
    expect((await template(id)).config['description']).toContain('"w":["image-unverified"]');
    expect((await flow.client.describe({ id })).providerRawJson).toContain('without a checksum to compare it with');
  });

  it('I3: keeps what is secret in a URL to itself, of a template that is compared with nothing, too', async () => {
    const wish = { path: '/cloud.qcow2?sig=hidden', checksum: '' };
    const { preparedImageId: id } = await flow.client.imagePrepare(prepareRequest('quiet', wish));
    expect((await template(id)).config['description']).not.toContain('hidden');
    const { message } = await outcomeOf(
      flow.client.imagePrepare(prepareRequest('quiet', { ...wish, proxmox: { storage: 'shared' } })),
    );
    expect(message).toMatch(/^image quiet \(\d+\): prepare: VM \d+ of virtrigaud instance .* from another request/);
    expect([message, ...flow.log].filter((line) => line.includes('hidden'))).toEqual([]);
  });

  it('I3: takes nothing for a raw image that is no disk, and looks again at once when the URL is another', async () => {
    const before = await stateOf(flow.world);
    const wish = (path: string, checksum: string) => prepareRequest('raw', { path, checksum });
    for (const [path, checksum] of [
      ['/page.raw', ''],
      ['/packed', PAGE_SHA256],
    ] as const) {
      expect(await outcomeOf(flow.client.imagePrepare(wish(path, checksum)))).toMatchObject({
        kind: 'invalid-spec',
        message: expect.stringMatching(/^image raw: prepare: what came has 1000 bytes.*whole sectors/),
      });
      expect(await stateOf(flow.world)).toEqual(before);
    }
    const lost = await outcomeOf(flow.client.imagePrepare(wish('/gone.raw', RAW_SHA256)));
    expect(lost).toMatchObject({ kind: 'precondition', message: expect.stringContaining('404') });
    const { preparedImageId: id } = await flow.client.imagePrepare(wish('/disk.raw', RAW_SHA256));
    expect((await template(id)).template).toBe(true);
  });

  it('I4: finds a template wherever it is, by name and by id, and writes nothing', async () => {
    const since = lastRequest(flow.sim);
    const ensure = async (proxmox: Record<string, unknown>) =>
      await flow.client.imagePrepare({ imageJson: JSON.stringify({ source: { proxmox } }), targetName: 'x' });
    expect(await ensure({ templateName: 'ubuntu-22-template' })).toMatchObject({
      preparedImageId: '9001',
      preparedImagePath: 'local-lvm:base-9001-disk-0',
    });
    expect(await ensure({ templateID: 9000 })).toMatchObject({ preparedImageId: '9000' });
    await expect(ensure({ templateName: 'ubuntu-99' })).rejects.toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(/^image_json\.source\.proxmox\.templateName: there is no .*ubuntu-22-template/),
    });
    const iso = { imageJson: JSON.stringify({ source: 'local:iso/debian-12.iso' }), targetName: 'x' };
    expect(await flow.client.imagePrepare(iso)).toMatchObject({ preparedImageId: 'local:iso/debian-12.iso' });
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it('I6: of an image that the manager has lost on the way to Create the refusal says what the VMImage needs', async () => {
    const lost = createRequest({ name: 'lost', image: { TemplateName: '' } });
    await expect(flow.client.create(lost)).rejects.toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(/names no template.*source\.http set source\.proxmox\.storage/),
    });
  });

  it('makes a template on each node that is named, each by its own download, and Create takes the one of its node', async () => {
    const since = lastRequest(flow.sim);
    // As the manager sends them, whose kinds have one text for it.
    const wish = prepareRequest('everywhere', { proxmox: { node: 'pve3, pve1,pve2' } });
    const [one, two] = await Promise.all([flow.client.imagePrepare(wish), other.imagePrepare(wish)]);
    expect(two).toEqual(one);
    expect(downloads(since).sort()).toEqual(nodes.map((node) => `POST /nodes/${node}/storage/local/download-url`));
    const made = (await flow.world.vms()).filter(({ config }) => config['name'] === 'everywhere');
    expect(made.map(({ node }) => node).sort()).toEqual(nodes);
    expect(made.map(({ vmid }) => String(vmid))).toContain(one.preparedImageId);
    const again = lastRequest(flow.sim);
    const list = prepareRequest('everywhere', { proxmox: { nodes: ['*'] } });
    expect(await other.imagePrepare(list)).toEqual(one);
    expect(writesSince(flow.sim, again)).toEqual([]);
    for (const [index, node] of nodes.entries()) {
      const own = made.find((each) => each.node === node);
      const image = { TemplateName: index === 0 ? 'everywhere' : one.preparedImageId, CloneMode: 'linked' };
      const begun = lastRequest(flow.sim);
      const wanted = createRequest({ name: `of-${node}`, image, placement: { Host: node } });
      expect((await template((await createdOf(wanted)).id)).node).toBe(node);
      expect(writesSince(flow.sim, begun)[0]).toBe(`POST /nodes/${node}/qemu/${own?.vmid}/clone`);
    }
  });

  it('that outlasts its call is a task with the id, which any replica judges, and which is done with the template', async () => {
    const wish = prepareRequest('slow', { path: '/slow.qcow2' });
    const since = lastRequest(flow.sim);
    const first = await outlasting(flow.client, wish);
    const { preparedImageId: id = '', task } = first ?? {};
    expect(task?.id).toMatch(new RegExp(`^vrtg1\\.image\\.${id}\\.[a-z2-7]{12}\\.ready`));
    expect(await flow.client.imagePrepare(wish)).toEqual(first);
    const judge = async () => await other.taskStatus({ task: task ?? { id: '' } });
    expect(await judge()).toMatchObject({ done: false, error: '' });
    await expect(
      flow.client.create(createRequest({ name: 'too-early', image: { TemplateName: id } })),
    ).rejects.toMatchObject({ kind: 'busy', message: expect.stringContaining('still being made') });
    hurry();
    expect(await until(judge, ({ done }) => done)).toMatchObject({ error: '' });
    expect((await template(id)).template).toBe(true);
    expect(downloads(since)).toHaveLength(1);
  });
});

describe('A template that another instance makes', () => {
  it('is no image as long as it is being made', async () => {
    const { client: foreign } = await flow.another(2, { PVE_INSTANCE: 'test/another' });
    const wish = prepareRequest('theirs', { path: '/slow.qcow2' });
    const { preparedImageId: id = '', task } = (await outlasting(foreign, wish)) ?? {};
    const image = { TemplateName: id };
    const before = await stateOf(flow.world);
    const early = createRequest({ name: 'too-early-too', image, networks: [nic()], disks: [] });
    const source = { imageJson: JSON.stringify({ source: id }), targetName: 'x' };
    for (const outcome of await Promise.all([
      outcomeOf(flow.client.create(early)),
      outcomeOf(flow.client.imagePrepare(source)),
    ])) {
      expect(outcome).toMatchObject({ kind: 'busy', message: expect.stringContaining('still being made') });
    }
    expect((await stateOf(flow.world)).vms).toEqual(before.vms);
    expect(await flow.client.taskStatus({ task: task ?? { id: '' } })).toMatchObject({ done: false, error: '' });
    hurry();
    const judge = async () => await foreign.taskStatus({ task: task ?? { id: '' } });
    expect(await until(judge, ({ done }) => done)).toMatchObject({ error: '' });
  });
});

describe('Delete of a template', () => {
  it('is refused while linked clones grow from it, with their ids, and then carried out', async () => {
    const wish = prepareRequest('linked', { proxmox: { storage: 'shared' } });
    const { preparedImageId: id } = await flow.client.imagePrepare(wish);
    const image = { TemplateName: id, CloneMode: 'linked' };
    const disks = [rootDisk(1)];
    const clone = await createdOf(createRequest({ name: 'grown', image, networks: [nic()], disks }));
    const before = await template(id);
    const since = lastRequest(flow.sim);
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'precondition',
      message: expect.stringMatching(new RegExp(`linked clones grow from its disks: VM ${clone.id}\\. Delete these`)),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
    expect(await template(id)).toEqual(before);
    await flow.client.delete({ id: clone.id });
    await flow.client.delete({ id });
    expect((await claimedVms(flow.world)).filter(({ vmid }) => String(vmid) === id)).toEqual([]);
    expect((await flow.world.volumes()).filter((volume) => volume.includes(`-${id}-`))).toEqual([]);
  });
});

describe('GetCapabilities', () => {
  it('says that images are brought in', async () => {
    expect(await flow.client.getCapabilities({})).toMatchObject({ supportsImageImport: true });
  });
});
