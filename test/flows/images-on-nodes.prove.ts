import { describe, expect, it } from 'vitest';
import type { ClusterData } from '#pve-sim/clusters/cluster-data';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { GIB } from '#pve-sim/world/size';
import type { ProviderClient } from '#rpc/client';
import { createClock } from '#runtime/clock';
import { type CutOff, cutOff, cutOffAt, sweep } from '../support/cut-off.ts';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type CreateKind, flawAt, type KillPoint, stateOf, VICTIM_NODE } from '../support/kill-matrix.ts';
import { outcomeOf } from '../support/outcome.ts';
import { type CreateParts, createRequest, nic, rootDisk } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { addImages, type ImageParts, prepareRequest, RAW_SHA256 } from '../support/web-images.ts';
import { claimedVms, newVolumes, type VmFacts } from '../support/world.ts';

// An image that has a template on each node: whoever asks how often, whoever dies meanwhile, whatever a node lacks; and what is
// made of these templates.

const NODES = ['pve1', 'pve2', 'pve3'];

const MEMORY: Readonly<Record<string, number>> = { pve1: 64, pve2: 96, pve3: 128 };
const CLUSTER = {
  ...THREE_NODE,
  nodes: THREE_NODE.nodes.map((node) => ({ ...node, memoryBytes: (MEMORY[node.name] ?? 0) * GIB })),
};

async function start(settings: Readonly<Record<string, string>> = {}, cluster: ClusterData = CLUSTER): Promise<Flow> {
  const flow = await startFlow({ simulator: { timeScale: 200, latency: false, cluster }, settings, node: 1 });
  addImages(flow.sim);
  return flow;
}

const everywhere = (name: string, proxmox: Record<string, unknown> = {}, parts: ImageParts = {}) =>
  prepareRequest(name, { ...parts, proxmox: { nodes: NODES, ...proxmox } });

const named = async ({ world }: Flow, name: string): Promise<VmFacts[]> =>
  (await world.vms()).filter(({ config }) => config['name'] === name);

const downloads = (flow: Flow, since: number): string[] =>
  writesSince(flow.sim, since).filter((entry) => entry.endsWith('/download-url'));

type State = Awaited<ReturnType<typeof stateOf>>;

/** '' where there is a template on each node, with its two volumes, and nothing else is new. */
async function flawOf({ world }: Flow, name: string, before: State, nodes: readonly string[] = NODES): Promise<string> {
  const vms = (await world.vms()).filter(({ vmid }) => !before.vms.includes(vmid));
  const at = vms.map(({ node }) => node).sort();
  if (at.join() !== nodes.join()) return `templates on ${at.join(', ')}`;
  const states = new Map((await claimedVms(world)).map(({ vmid, state }) => [vmid, state]));
  const bad = vms.find(
    ({ vmid, lock, template, config }) =>
      !template || lock !== undefined || config['name'] !== name || states.get(vmid) !== 'ready',
  );
  if (bad !== undefined) return `${bad.vmid} is ${states.get(bad.vmid)}, ${JSON.stringify(bad.config)}`;
  const volumes = newVolumes(before.volumes, await world.volumes());
  const expected = vms.flatMap(({ vmid, node }) => [
    `${node}/local-lvm:base-${vmid}-disk-0`,
    `${node}/local-lvm:vm-${vmid}-cloudinit`,
  ]);
  return volumes.sort().join() === expected.sort().join() ? '' : `volumes ${volumes.join(', ')}`;
}

describe('an image on local storage of three nodes', () => {
  it('has a template on each, made once, whoever asks; VMs are made on each of them, linked and full', async () => {
    const flow = await start();
    const [one, two] = [await flow.another(0), await flow.another(2)];
    const before = await stateOf(flow.world);
    const since = lastRequest(flow.sim);
    const wish = everywhere('base');
    const clients = [flow.client, one.client, two.client, two.client];
    const answers = await Promise.all(clients.map(async (client) => await client.imagePrepare(wish)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const id = answers[0]?.preparedImageId ?? '';
    expect(await flawOf(flow, 'base', before)).toBe('');
    expect(downloads(flow, since)).toHaveLength(3);
    await expectVmsOnEach(flow, 'base', id);
    await expectRemoval(flow, id);
    await flow.stop();
  });

  it('keeps the template that it had before more nodes were named', async () => {
    const flow = await start();
    const before = await stateOf(flow.world);
    const { preparedImageId: id } = await flow.client.imagePrepare(prepareRequest('grown', {}));
    const wider = await flow.client.imagePrepare(everywhere('grown', { nodes: ['*'] }));
    expect(wider.preparedImageId).toBe(id);
    expect(await flawOf(flow, 'grown', before)).toBe('');
    expect((await flow.client.imagePrepare(prepareRequest('grown', {}))).preparedImageId).toBe(id);
    expect(await flawOf(flow, 'grown', before)).toBe('');
    await flow.stop();
  });

  it('needs one template where the storage is shared', async () => {
    const flow = await start();
    const before = await stateOf(flow.world);
    await flow.sim.setNodeOnline('pve3', false);
    const wish = everywhere('common', { storage: 'shared' });
    const outcome = await until(
      async () => await outcomeOf(flow.client.imagePrepare(wish)),
      ({ kind }) => kind === 'ok',
    );
    await flow.sim.setNodeOnline('pve3', true);
    expect((await flow.client.imagePrepare(wish)).preparedImageId).toBe(outcome.answer?.preparedImageId);
    const made = await named(flow, 'common');
    expect(made.map(({ vmid }) => String(vmid))).toEqual([outcome.answer?.preparedImageId]);
    expect(newVolumes(before.volumes, await flow.world.volumes())).toHaveLength(2);
    await flow.stop();
  });
});

/** Creates a VM, from the template of its own node, and deletes it. @returns its node */
async function placed(flow: Flow, name: string, parts: CreateParts): Promise<string> {
  const templates = await named(flow, name);
  const since = lastRequest(flow.sim);
  const wish = createRequest({ name: 'placed', networks: [nic()], disks: [rootDisk(1)], ...parts });
  const { id } = await flow.client.create(wish);
  const vm = (await flow.world.vms()).find(({ vmid }) => String(vmid) === id);
  const own = templates.find(({ node }) => node === vm?.node);
  expect(writesSince(flow.sim, since)[0]).toBe(`POST /nodes/${own?.node}/qemu/${own?.vmid}/clone`);
  expect(vm?.config['description']).not.toContain('virtrigaud-image');
  await flow.client.delete({ id });
  return own?.node ?? '';
}

/** By id and by name, with and without a node that is named, and with one that is off. */
async function expectVmsOnEach(flow: Flow, name: string, id: string): Promise<void> {
  for (const node of NODES) {
    const placement = { Host: node };
    const [linked, full] = [
      { TemplateName: id, CloneMode: 'linked' },
      { TemplateName: name, CloneMode: 'full' },
    ];
    expect(await placed(flow, name, { image: linked, placement })).toBe(node);
    expect(await placed(flow, name, { image: full, placement })).toBe(node);
    expect(await placed(flow, name, { image: { TemplateName: name, Node: node } })).toBe(node);
  }
  // It has the most memory, whichever template is named.
  for (const { vmid } of await named(flow, name)) {
    expect(await placed(flow, name, { image: { TemplateName: String(vmid) } })).toBe('pve3');
  }
  await flow.sim.setNodeOnline('pve3', false);
  expect(
    await until(async () => await placed(flow, name, { image: { TemplateName: name } }).catch(() => ''), Boolean),
  ).toBe('pve2');
  await flow.sim.setNodeOnline('pve3', true);
  await until(
    async () => await placed(flow, name, { image: { TemplateName: name } }),
    (node) => node === 'pve3',
  );
}

/** Each by its own id; what is missing is made again, and no more. */
async function expectRemoval(flow: Flow, id: string): Promise<void> {
  const templates = await named(flow, 'base');
  await flow.client.delete({ id });
  const left = await named(flow, 'base');
  expect(left.map(({ vmid }) => vmid)).toEqual(templates.map(({ vmid }) => vmid).filter((vmid) => String(vmid) !== id));
  const since = lastRequest(flow.sim);
  const again = await flow.client.imagePrepare(everywhere('base'));
  expect(downloads(flow, since)).toHaveLength(1);
  const now = await named(flow, 'base');
  expect(now.map(({ node }) => node).sort()).toEqual(NODES);
  expect(left.map(({ vmid }) => String(vmid))).not.toContain(again.preparedImageId);
}

describe('a node that cannot have one', () => {
  it('is named before anything is written, and nothing is made on the others', async () => {
    const [LOCAL, LVM, SHARED] = THREE_NODE.storages;
    if (LOCAL === undefined || LVM === undefined || SHARED === undefined) throw new Error('other storages');
    const few = { ...LVM, id: 'few', nodes: ['pve1', 'pve2'] };
    const flow = await start({}, { ...CLUSTER, storages: [...THREE_NODE.storages, few] });
    const since = lastRequest(flow.sim);
    const refusal = async (proxmox: Record<string, unknown>, name = 'partly') =>
      await outcomeOf(flow.client.imagePrepare(everywhere(name, proxmox)));
    const field = 'image_json\\.source\\.proxmox';
    const rows = [
      [{ nodes: ['pve1', 'pve9'] }, 'invalid-spec', `^${field}\\.nodes: there is no node "pve9"`],
      [{ storage: 'few' }, 'invalid-spec', `^${field}\\.storage: node pve3 has no active storage "few"`],
      [{ storage: undefined, nodes: ['*'] }, 'invalid-spec', `^${field}\\.nodes: "\\*" means every node that has`],
      [{ storage: 'none', nodes: ['*'] }, 'invalid-spec', `^${field}\\.storage: no node has a storage "none"`],
      [{ nodes: ['pve1', '*'] }, 'invalid-spec', `^${field}\\.nodes: "\\*" means every node, and others`],
      [{ node: 'pve1' }, 'invalid-spec', `^${field}\\.nodes: node "pve1" is named too`],
      [{ templateName: 'debian-12-template' }, 'invalid-spec', `^${field}\\.nodes: says where templates of a URL`],
    ] as const;
    for (const [proxmox, kind, message] of rows) {
      expect(await refusal(proxmox)).toMatchObject({ kind, message: expect.stringMatching(message) });
    }
    expect(writesSince(flow.sim, since)).toEqual([]);
    await flow.sim.setNodeOnline('pve3', false);
    // Until the cluster shows it a request may begin on the others.
    const off = await until(
      async () => await refusal({}),
      ({ kind }) => kind === 'precondition',
    );
    expect(off.message).toMatch(/node pve3 is (offline|down)/);
    const later = lastRequest(flow.sim);
    const { message } = await refusal({}, 'later');
    expect(message).toMatch(/^image later on pve3: prepare: node pve3 is offline/);
    expect(writesSince(flow.sim, later)).toEqual([]);
    const before = await stateOf(flow.world);
    await flow.client.imagePrepare(everywhere('later', { storage: 'few', nodes: ['*'] }));
    expect((await named(flow, 'later')).map(({ node }) => node).sort()).toEqual(['pve1', 'pve2']);
    expect(newVolumes(before.volumes, await flow.world.volumes())).toHaveLength(4);
    await flow.stop();
  });

  it('is told where its template was moved away', async () => {
    const flow = await start();
    await flow.client.imagePrepare(everywhere('moved'));
    const own = Object.values(flow.sim.world.guests).find(
      ({ node, config }) => node === 'pve1' && config['name'] === 'moved',
    );
    if (own === undefined) throw new Error('there is none');
    own.node = 'pve2';
    const since = lastRequest(flow.sim);
    expect(await outcomeOf(flow.client.imagePrepare(everywhere('moved')))).toMatchObject({
      kind: 'precondition',
      message: expect.stringMatching(`its template for pve1 \\(VM ${own.vmid}\\) is on pve2.*Migrate it back`),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
    await flow.stop();
  });
});

describe('a template of the same name that is none of the image', () => {
  it('makes the name mean two, and is never taken for one of them', async () => {
    const flow = await start();
    const { preparedImageId: id } = await flow.client.imagePrepare(everywhere('alike'));
    const templates = await named(flow, 'alike');
    const stranger = Object.values(flow.sim.world.guests).find(({ vmid }) => vmid === 9000);
    if (stranger === undefined) throw new Error('there is none');
    stranger.config['name'] = 'alike';
    let count = 0;
    const byName = () => createRequest({ name: `of-which-${++count}`, image: { TemplateName: 'alike' } });
    const outcome = await until(
      async () => await outcomeOf(flow.client.create(byName())),
      ({ kind }) => kind !== 'ok',
    );
    expect(outcome).toMatchObject({ kind: 'invalid-spec', message: expect.stringContaining('9000 on pve1') });
    // Its claim came along with a copy, and says nothing of it.
    const own = templates.find(({ node }) => node === 'pve1');
    stranger.config['description'] = own?.config['description'] ?? '';
    // Nor is another image of that name, whose template is on a node that has one of each.
    const content = { path: '/disk.raw', checksum: RAW_SHA256, proxmox: { node: 'pve2' } };
    const later = await flow.client.imagePrepare(prepareRequest('alike', content));
    for (const node of NODES) {
      const template = templates.find((each) => each.node === node);
      const wish = createRequest({ name: `by-id-${node}`, image: { TemplateName: id }, placement: { Host: node } });
      const since = lastRequest(flow.sim);
      await flow.client.create(wish);
      expect(writesSince(flow.sim, since)[0]).toBe(`POST /nodes/${node}/qemu/${template?.vmid}/clone`);
    }
    const image = { TemplateName: later.preparedImageId };
    const elsewhere = createRequest({ name: 'of-later', image, placement: { Host: 'pve3' } });
    await expect(flow.client.create(elsewhere)).rejects.toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringContaining(`${later.preparedImageId} on pve2`),
    });
    await flow.stop();
  });
});

const TASKS = ['qmcreate', 'download', 'qmconfig', 'qmtemplate', 'imgdel'];

describe('an ImagePrepare for three nodes whose provider is cut off', () => {
  it.concurrent('at its writes and in any task ends with one template on each', async () => {
    const flow = await start();
    const { points, flaws } = await sweep(TASKS, async (point) => await cutPrepare(flow, {}, point), 'writes');
    console.log(`kill matrix: an image on three nodes: ${points} points, ${flaws.length} flaws`);
    await flow.stop();
    expect(flaws).toEqual([]);
    expect(points).toBeGreaterThan(30);
  });

  it.concurrent('in any task, answered by a task of ours, ends with one template on each', async () => {
    const flow = await start({ PVE_TASK_TIMEOUT: '1s' });
    const flaws: string[] = [];
    for (const at of TASKS) {
      for (const moment of ['before', 'after'] as const) {
        const { flaw } = await cutPrepare(flow, { path: '/slow.qcow2' }, { at, moment });
        if (flaw !== '') flaws.push(`${moment} ${at}: ${flaw}`);
      }
    }
    await flow.stop();
    expect(flaws).toEqual([]);
  });
});

/** What the manager does when its provider has died: it asks for the task that it knows of, or prepares again. */
async function cutPrepare(
  flow: Flow,
  parts: ImageParts,
  point: KillPoint,
): Promise<CutOff & { readonly flaw: string }> {
  const { sim, world, client } = flow;
  const clock = createClock({ factor: sim.clock.factor });
  const name = ['each', point.at, point.moment, sim.journal.entries.length].join('-');
  const before = await stateOf(world);
  const since = sim.journal.entries.length;
  let known: { readonly id: string; readonly task: string | undefined } | undefined;
  const prepare = async (provider: ProviderClient, signal?: AbortSignal) => {
    const options = signal === undefined ? {} : { signal };
    const answer = await provider.imagePrepare(everywhere(name, {}, parts), options);
    return { id: answer.preparedImageId, task: answer.task?.id };
  };
  await cutOff(flow, point, async (victim, signal) => {
    known = await prepare(victim, signal);
    await untilDone(victim, known.task, signal);
  });
  const was = cutOffAt(flow, since, point);
  for (; known === undefined; await clock.sleep(5_000)) known = (await outcomeOf(prepare(client))).answer;
  await untilDone(client, known.task);
  const isTold = (await named(flow, name)).some(({ vmid }) => String(vmid) === known?.id);
  return { ...was, flaw: isTold ? await flawOf(flow, name, before) : `told ${known.id}` };
}

async function untilDone(client: ProviderClient, id: string | undefined, signal?: AbortSignal): Promise<void> {
  if (id === undefined) return;
  await until(
    async () => await client.taskStatus({ task: { id } }, signal === undefined ? {} : { signal }),
    ({ done, error }) => {
      expect(error).toBe('');
      return done;
    },
  );
}

describe('a Create from one of them whose provider is cut off', () => {
  it('goes on with what was begun, whichever template is named', async () => {
    const flow = await start();
    const { preparedImageId: id } = await flow.client.imagePrepare(everywhere('source'));
    const flaws: string[] = [];
    for (const at of ['qmclone', 'qmconfig', 'resize']) {
      for (const moment of ['before', 'after'] as const) {
        // The one that is named is on pve3.
        const source = {
          parts: { image: { TemplateName: id, CloneMode: 'linked' }, placement: { Nodes: ['pve2'] } },
          task: 'qmclone',
          storage: 'local-lvm',
          node: 'pve2',
          hasCloudInitDrive: true,
          grows: true,
          boot: 'order=scsi0',
        } as const;
        const kind: CreateKind = { title: 'of an image', cloudInit: 'native', answer: 'synchronous', source };
        const { client } = flow;
        const victim = await flow.another(VICTIM_NODE.index);
        const mortal = { client: victim.client, die: victim.end };
        const point: KillPoint = { at, moment };
        flaws.push((await flawAt(flow, kind, point, { victim: mortal, successor: client })) ?? 'was not reached');
      }
    }
    await flow.stop();
    expect(flaws).toEqual(['', '', '', '', '', '']);
  });
});
