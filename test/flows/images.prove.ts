import { describe, expect, it } from 'vitest';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import type { WebFile } from '#pve-sim/world/world';
import type { ProviderClient } from '#rpc/client';
import { createClock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import { cutOff } from '../support/cut-off.ts';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type KillPoint, stateOf } from '../support/kill-matrix.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { revoke, subjectOf } from '../support/rights.ts';
import { until } from '../support/until.ts';
import { addImages, type ImageParts, prepareRequest, RAW_SHA256, WEB } from '../support/web-images.ts';
import { claimedVms, newVolumes, type VmFacts } from '../support/world.ts';

// Images of every kind in every version of PVE, downloads that go wrong, and an ImagePrepare whose provider is cut off at any
// of its calls.

async function start(settings: Readonly<Record<string, string>> = {}, pve = '9.1'): Promise<Flow> {
  const simulator = { timeScale: 150, latency: false, cluster: { ...THREE_NODE, pve } };
  const flow = await startFlow({ simulator, settings, node: 1 });
  addImages(flow.sim);
  return flow;
}

function fileOf({ sim }: Flow, path: string): WebFile {
  const file = sim.world.web[WEB]?.[path];
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file;
}

function replaceFile({ sim }: Flow, path: string, file: WebFile): void {
  sim.world.web[WEB] = { ...sim.world.web[WEB], [path]: file };
}

async function templateOf({ world }: Flow, id: string): Promise<VmFacts> {
  const vm = (await world.vms()).find(({ vmid }) => String(vmid) === id);
  if (vm === undefined) throw new Error(`there is no ${id}`);
  return vm;
}

const judge = async (client: ProviderClient, id: string | undefined) =>
  await client.taskStatus({ task: { id: id ?? '' } });

/** How many downloads run. */
function downloading({ sim }: Flow): number {
  const running = Object.entries(sim.world.tasks).filter(([, { exitstatus }]) => exitstatus === undefined);
  return running.filter(([upid]) => upid.includes(':download:')).length;
}

interface Row {
  readonly image: string;
  readonly parts: ImageParts;
  /** What keeps it from becoming a template; absent: it becomes one. */
  readonly refusal?: RegExp;
}

const ROWS: readonly Row[] = [
  { image: 'qcow2', parts: {} },
  { image: 'raw', parts: { path: '/disk.raw', checksum: RAW_SHA256 } },
  { image: 'a qcow2 called img', parts: { path: '/cloud.img', checksum: '' } },
  { image: 'a raw image called img', parts: { path: '/disk.img', checksum: RAW_SHA256 } },
  {
    image: 'a raw image called img, without a checksum',
    parts: { path: '/disk.img', checksum: '' },
    refusal: /not in qcow2 format.*give the checksum/,
  },
  { image: 'raw that is called qcow2', parts: { path: '/wrong.qcow2', checksum: '' }, refusal: /not in qcow2 format/ },
  { image: 'compressed', parts: { path: '/cloud.qcow2.xz' }, refusal: /"\.xz" is compressed/ },
  {
    image: 'a wrong checksum',
    parts: { checksum: 'f'.repeat(64) },
    refusal: /checksum mismatch.*Correct the checksum/,
  },
  { image: 'a server error', parts: { path: '/none.qcow2' }, refusal: /404.*Check that the file is there/ },
  {
    image: 'a server that is not there',
    parts: { http: { url: 'https://nosuch.invalid/a.qcow2' } },
    refusal: /unable to resolve/,
  },
  { image: 'slow', parts: { path: '/slow.qcow2' } },
  { image: 'on shared storage', parts: { proxmox: { storage: 'shared' } } },
];

describe('the table of images', () => {
  it.concurrent.each(['8.4', '9.1', '9.2'])('in PVE %s', async (pve) => {
    const flow = await start({}, pve);
    replaceFile(flow, '/wrong.qcow2', fileOf(flow, '/disk.raw'));
    const told: string[] = [];
    for (const [index, { image, parts, refusal }] of ROWS.entries()) {
      const before = await stateOf(flow.world);
      const name = `row-${index}`;
      const outcome = await outcomeOf(flow.client.imagePrepare(prepareRequest(name, parts)));
      const label = `${pve}, ${image}: ${outcome.message}`;
      if (refusal === undefined) {
        const { preparedImageId: id = '', task } = outcome.answer ?? {};
        expect({ kind: outcome.kind, task }, label).toEqual({ kind: 'ok', task: undefined });
        await expectTemplate(flow, id, before, label);
      } else {
        expect(outcome.message, label).toMatch(refusal);
        expect(['invalid-spec', 'precondition'], label).toContain(outcome.kind);
        expect(await stateOf(flow.world), label).toEqual(before);
      }
      told.push(`${image}: ${refusal === undefined ? 'a template' : outcome.kind}`);
    }
    console.log(`images in PVE ${pve}: ${told.join('; ')}`);
    await flow.stop();
  });

  it.concurrent.each(['7.4', '8.1'])(
    'is refused by its version in PVE %s, where templates are found all the same',
    async (pve) => {
      const flow = await start({}, pve);
      const since = lastRequest(flow.sim);
      await expect(flow.client.imagePrepare(prepareRequest('old'))).rejects.toMatchObject({
        kind: 'unsupported',
        message: expect.stringMatching(new RegExp(`from 8\\.4 on, and this is ${pve}.*Make a template of it on PVE`)),
      });
      const imageJson = JSON.stringify({ source: { proxmox: { templateName: 'debian-12-template' } } });
      expect((await flow.client.imagePrepare({ imageJson, targetName: 'x' })).preparedImageId).toBe('9000');
      expect(writesSince(flow.sim, since)).toEqual([]);
      await flow.stop();
    },
  );

  it('has a template on each of three nodes with local storage where one VMImage names each', async () => {
    const flow = await start();
    const nodes = ['pve1', 'pve2', 'pve3'];
    const made = await Promise.all(
      nodes.map(async (node) => {
        const wish = prepareRequest(`base-${node}`, { proxmox: { node } });
        const { client } = node === 'pve1' ? await flow.another(0) : flow;
        const both = await Promise.all([client.imagePrepare(wish), flow.client.imagePrepare(wish)]);
        expect(both[0]).toEqual(both[1]);
        return both[0].preparedImageId;
      }),
    );
    for (const [index, node] of nodes.entries()) {
      expect((await templateOf(flow, made[index] ?? '')).node).toBe(node);
      const image = { TemplateName: made[index] ?? '', CloneMode: 'linked' };
      const wish = createRequest({ name: `on-${node}`, image, networks: [nic()], disks: [rootDisk(1)] });
      const { answer } = await until(
        async () => await outcomeOf(flow.client.create(wish)),
        ({ kind }) => kind !== 'busy',
      );
      expect((await templateOf(flow, answer?.id ?? '')).node).toBe(node);
    }
    const elsewhere = prepareRequest('base-pve1', { proxmox: { node: 'pve2' } });
    await expect(flow.client.imagePrepare(elsewhere)).rejects.toMatchObject({ kind: 'already-exists' });
    const nowhere = prepareRequest('nowhere', { proxmox: { node: 'pve9' } });
    await expect(flow.client.imagePrepare(nowhere)).rejects.toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(/^image_json\.source\.proxmox\.node: there is no node "pve9"/),
    });
    await flow.stop();
  });
});

async function expectTemplate(
  flow: Flow,
  id: string,
  before: { readonly vms: readonly number[]; readonly volumes: readonly string[] },
  label: string,
): Promise<void> {
  const flaw = await flawOf(flow, id, before);
  expect(flaw, label).toBeUndefined();
}

/** Undefined where exactly one template has come, with its two volumes and nothing else. */
async function flawOf(
  { world }: Flow,
  id: string,
  before: { readonly vms: readonly number[]; readonly volumes: readonly string[] },
): Promise<string | undefined> {
  const vms = (await world.vms()).filter(({ vmid }) => !before.vms.includes(vmid));
  const [vm] = vms;
  if (vm === undefined || vms.length !== 1 || String(vm.vmid) !== id)
    return `VMs ${vms.map(({ vmid }) => vmid).join(', ')}, told ${id}`;
  const { config } = vm;
  const claim = (await claimedVms(world)).find(({ vmid }) => vmid === vm.vmid);
  const isWhole =
    claim?.state === 'ready' &&
    vm.lock === undefined &&
    config['template'] === '1' &&
    config['agent'] === '1' &&
    config['boot'] === 'order=scsi0' &&
    !Object.keys(config).some((key) => key.startsWith('unused')) &&
    config['description']?.includes('virtrigaud-image') === false;
  if (!isWhole) return `${claim?.state}, lock ${vm.lock}, ${JSON.stringify(config)}`;
  const volumes = newVolumes(before.volumes, await world.volumes());
  const isRight =
    volumes.length === 2 &&
    volumes.some((volume) => volume.includes(`base-${id}-disk-0`)) &&
    volumes.some((volume) => volume.includes(`vm-${id}-cloudinit`));
  return isRight ? undefined : `volumes ${volumes.join(', ')}`;
}

describe('a download that goes wrong after its call', () => {
  it('is tried again until it succeeds: its task fails for nobody, and its id stays', async () => {
    const flow = await start({ PVE_TASK_TIMEOUT: '1s' });
    const { client: other, end } = await flow.another(2);
    const before = await stateOf(flow.world);
    const right = fileOf(flow, '/slow.qcow2');
    replaceFile(flow, '/slow.qcow2', { ...right, data: new Uint8Array(right.data.length) });
    const wish = prepareRequest('mended', { path: '/slow.qcow2' });
    const { preparedImageId: id, task } = await other.imagePrepare(wish);
    expect(task?.id).toContain(`vrtg1.image.${id}.`);
    const failures = (): number =>
      Object.values(flow.sim.world.tasks).filter(({ exitstatus }) => exitstatus?.includes('checksum mismatch')).length;
    await until(
      async () => await Promise.resolve(failures()),
      (count) => count >= 2,
    );
    expect((await stateOf(flow.world)).volumes).toEqual(before.volumes);
    const asked = until(
      async () => await judge(flow.client, task?.id),
      ({ done, error }) => done || error !== '' || flow.log.some((line) => line.includes('Going on with a template')),
    );
    expect(await asked).toMatchObject({ done: false, error: '' });
    // Between its tries nobody seems to work on it, so that both are at it by now.
    replaceFile(flow, '/slow.qcow2', right);
    await until(
      async () => await judge(flow.client, task?.id),
      ({ done }) => done,
    );
    await until(
      async () => await flawOf(flow, id, before),
      (flaw) => flaw === undefined,
    );
    await Promise.all([
      end(),
      until(
        async () => await Promise.resolve(downloading(flow)),
        (count) => count === 0,
      ),
    ]);
    await expectTemplate(flow, id, before, 'mended');
    await flow.stop();
  });

  it('leaves nothing of a template that is deleted meanwhile', async () => {
    const flow = await start({ PVE_TASK_TIMEOUT: '1s' });
    const before = await stateOf(flow.world);
    const { preparedImageId: id, task } = await flow.client.imagePrepare(
      prepareRequest('gone', { path: '/slow.qcow2' }),
    );
    await flow.client.delete({ id });
    await until(
      async () => await judge(flow.client, task?.id),
      ({ done }) => done,
    );
    await until(
      async () => await stateOf(flow.world),
      ({ volumes }) => volumes.join() === before.volumes.join(),
    );
    expect((await stateOf(flow.world)).vms).toEqual(before.vms);
    await flow.stop();
  });
});

describe('a template that somebody has begun and nobody has finished', () => {
  it('is finished with the URL of whoever asks for it next', async () => {
    const flow = await start();
    const before = await stateOf(flow.world);
    const right = fileOf(flow, '/slow.qcow2');
    replaceFile(flow, '/wrong.qcow2', { ...right, data: new Uint8Array(right.data.length) });
    const hangUp = new AbortController();
    const wrong = prepareRequest('mended', { path: '/wrong.qcow2' });
    const cut = outcomeOf(flow.client.imagePrepare(wrong, { signal: hangUp.signal }));
    await until(
      async () => await Promise.resolve(downloading(flow)),
      (count) => count === 1,
    );
    hangUp.abort();
    await cut;
    const { client } = await flow.another(2);
    const { preparedImageId: id } = await client.imagePrepare(prepareRequest('mended'));
    await expectTemplate(flow, id, before, 'mended');
    await flow.stop();
  });

  it('is finished by a provider whose PVE_VMID_RANGE is another', async () => {
    const flow = await start({ PVE_TASK_TIMEOUT: '1s' });
    const before = await stateOf(flow.world);
    const first = await flow.another(2);
    const wish = prepareRequest('moved-range', { path: '/slow.qcow2' });
    const { preparedImageId: id, task } = await first.client.imagePrepare(wish);
    await first.end();
    const { client } = await flow.another(0, { PVE_VMID_RANGE: '200000-200099' });
    const { error } = await until(
      async () => await judge(client, task?.id),
      ({ done }) => done,
    );
    expect(error).toBe('');
    await expectTemplate(flow, id, before, 'moved-range');
    await flow.stop();
  });

  it('is not taken for done when another VM has its id', async () => {
    const flow = await start({ PVE_TASK_TIMEOUT: '1s' });
    const first = await flow.another(2);
    const { preparedImageId: id, task } = await first.client.imagePrepare(
      prepareRequest('lost', { path: '/slow.qcow2' }),
    );
    await first.end();
    const { node } = await templateOf(flow, id);
    await flow.pve.put(`/nodes/${node}/qemu/${id}/config`, deadlineIn(60_000), {
      description: "somebody's",
      name: 'theirs',
    });
    expect(await judge(flow.client, task?.id)).toMatchObject({
      done: true,
      error: expect.stringMatching(
        new RegExp(`^VM theirs \\(${id} on ${node}\\): prepare an image: it is not.*another name`),
      ),
    });
    await flow.stop();
  });
});

describe('a storage that is full', () => {
  it.each([
    ['of the file', 'local'],
    ['of the disk', 'local-lvm'],
  ])('%s ends it with the reason, and neither template nor file stays', async (_which, storage) => {
    const flow = await start();
    const before = await stateOf(flow.world);
    const { storages } = flow.sim.world;
    const state = storages[storage];
    if (state === undefined) throw new Error(`there is no ${storage}`);
    storages[storage] = { ...state, totalBytes: 1024 };
    await expect(flow.client.imagePrepare(prepareRequest('big'))).rejects.toMatchObject({
      kind: 'exhausted',
      message: expect.stringMatching(/^image big \(\d+ on pve\d\): prepare: .*Free space on the storage/),
    });
    expect(await stateOf(flow.world)).toEqual(before);
    await flow.stop();
  });
});

describe('a right that is missing', () => {
  it.each([
    ['Sys.AccessNetwork', '/nodes', 'forbidden'],
    ['Datastore.AllocateTemplate', '/storage/local', 'forbidden'],
  ] as const)('%s is named before anything is written', async (privilege, path, kind) => {
    const flow = await start();
    revoke(flow.sim, privilege, path, ['token']);
    const since = lastRequest(flow.sim);
    await expect(flow.client.imagePrepare(prepareRequest('a'))).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(`Grant ${privilege}`),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
    await flow.stop();
  });

  it('Sys.AccessNetwork is not needed by whoever has Sys.Modify on /', async () => {
    const flow = await start();
    revoke(flow.sim, 'Sys.AccessNetwork', '/nodes', ['token', 'user']);
    const { access } = flow.sim.world;
    access.roles['Modifier'] = ['Sys.Audit', 'Sys.Modify'];
    const entries = (['token', 'user'] as const).map((one) => subjectOf(flow.sim, one));
    access.acl = [
      ...access.acl,
      ...entries.map((subject) => ({ path: '/', subject, role: 'Modifier', propagate: true })),
    ];
    const { preparedImageId: id } = await flow.client.imagePrepare(prepareRequest('modified'));
    expect((await templateOf(flow, id)).template).toBe(true);
    await flow.stop();
  });

  it('is one of a storage, too, which is not filled while it is disabled or takes no such content', async () => {
    const flow = await start();
    const change = async (params: Record<string, string | number>) =>
      await flow.pve.put('/storage/local', deadlineIn(60_000), params);
    const since = lastRequest(flow.sim);
    for (const [name, params] of Object.entries({ off: { disable: 1 }, other: { disable: 0, content: 'iso' } })) {
      await change(params);
      await expect(flow.client.imagePrepare(prepareRequest(name))).rejects.toMatchObject({
        kind: 'precondition',
        message: expect.stringMatching(/pve3 has no active storage with content "import".* Add "import"/),
      });
    }
    expect(writesSince(flow.sim, since)).toEqual(['PUT /storage/local', 'PUT /storage/local']);
    await flow.stop();
  });

  it('Datastore.Allocate leaves the file, and says so', async () => {
    const flow = await start();
    revoke(flow.sim, 'Datastore.Allocate', '/storage/local', ['token']);
    const { preparedImageId: id } = await flow.client.imagePrepare(prepareRequest('left'));
    const { config, template } = await templateOf(flow, id);
    expect(template).toBe(true);
    expect(config['description']).toContain('"w":["image-file-left"]');
    expect((await flow.world.volumes()).filter((volume) => volume.includes(`import/vrtg_image_${id}_`))).toHaveLength(
      1,
    );
    await flow.stop();
  });
});

interface Kind {
  readonly title: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly parts: ImageParts;
  /** At every call, or at every so many. */
  readonly step: number;
}

const KINDS: readonly Kind[] = [
  { title: 'when ready', settings: {}, parts: {}, step: 1 },
  { title: 'by a task', settings: { PVE_TASK_TIMEOUT: '1s' }, parts: { path: '/slow.qcow2' }, step: 5 },
];
const TASKS = ['qmcreate', 'download', 'qmconfig', 'qmtemplate', 'imgdel'];
const MOMENTS = ['before', 'after'] as const;

describe('an ImagePrepare whose provider is cut off', () => {
  it.concurrent.each(KINDS)('at its calls and in any task, answered $title, ends with one template', async (kind) => {
    const flow = await start(kind.settings);
    const found: string[] = [];
    const cut = async (point: KillPoint): Promise<boolean> => {
      const flaw = await flawAt(flow, kind, point);
      if (flaw !== undefined) found.push(flaw);
      return flaw !== undefined;
    };
    for (const at of TASKS) for (const moment of MOMENTS) await cut({ at, moment });
    for (let at = 0, isOver = false; !isOver; at += kind.step) {
      for (const moment of MOMENTS) isOver = !(await cut({ at, moment })) || isOver;
    }
    const flaws = found.filter((flaw) => flaw !== '');
    console.log(`kill matrix: an image ${kind.title}: ${found.length} points, ${flaws.length} flaws`);
    await flow.stop();
    expect(flaws).toEqual([]);
    expect(found.length).toBeGreaterThan(15);
  });
});

interface Answer {
  readonly id: string;
  readonly task: string | undefined;
}

async function prepare(client: ProviderClient, kind: Kind, name: string, signal?: AbortSignal): Promise<Answer> {
  const options = signal === undefined ? {} : { signal };
  const { preparedImageId, task } = await client.imagePrepare(prepareRequest(name, kind.parts), options);
  return { id: preparedImageId, task: task?.id };
}

/** '' for none; undefined where the template was ready before the point. */
async function flawAt(flow: Flow, kind: Kind, point: KillPoint): Promise<string | undefined> {
  const { sim, world } = flow;
  const name = ['image', point.at, point.moment, sim.journal.entries.length].join('-');
  const before = await stateOf(world);
  let known: Answer | undefined;
  const isReady = async (): Promise<boolean> =>
    (await world.vms()).some(
      ({ config }) => config['name'] === name && /"s":"ready"/.test(config['description'] ?? ''),
    );
  const { wasReached } = await cutOff(
    flow,
    point,
    async (client, signal) => {
      known = await prepare(client, kind, name, signal);
    },
    async () => known?.task === undefined || (await isReady()),
  );
  const id = await finished(flow, kind, name, known);
  const flaw = await flawOf(flow, id, before);
  if (flaw !== undefined) return `${kind.title}, ${name}: ${flaw}`;
  return wasReached ? '' : undefined;
}

const RETRY_MS = 5_000;

/** The manager asks what became of the task it knows of; without one it prepares again. */
async function finished({ client, sim }: Flow, kind: Kind, name: string, known: Answer | undefined): Promise<string> {
  const clock = createClock({ factor: sim.clock.factor });
  let answer = known;
  for (; answer === undefined; await clock.sleep(RETRY_MS)) {
    const outcome = await outcomeOf(prepare(client, kind, name));
    if (outcome.kind !== 'ok' && outcome.kind !== 'busy') return outcome.message;
    answer = outcome.answer;
  }
  const { id, task } = answer;
  if (task === undefined) return id;
  for (;;) {
    const { done, error } = await judge(client, task);
    if (done || error !== '') return error === '' ? id : error;
    await clock.sleep(RETRY_MS);
  }
}
