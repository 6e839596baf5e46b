import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { emptyQcow2 } from '#pve-sim/web/qcow2';
import { addWebServer } from '#pve-sim/web/web-server';
import type { ProviderClient } from '#rpc/client';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest, nic } from '../support/requests.ts';
import { revoke } from '../support/rights.ts';
import { until } from '../support/until.ts';
import { takeSeconds } from '../support/web-images.ts';

// Disk images that a node fetches from the web, for VMs to be made of.

const WEB = 'https://images.example';
const S3 = 'https://s3.example';
const IMAGE = emptyQcow2(64 * 1024 ** 2);
const SHA256 = createHash('sha256').update(IMAGE).digest('hex');
const SECRET = 'the-secret-of-the-store';

let flow: Flow;
let other: ProviderClient;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 100 } });
  ({ client: other } = await flow.another(1));
  const image = { size: IMAGE.length, what: 'qcow2' };
  addWebServer(flow.sim.world, WEB, {
    '/disk.qcow2': image,
    '/slow.qcow2': { ...image, slow: 1_500 },
    '/empty.qcow2': { size: 4096 },
    '/page.raw': { size: 1000 },
    '/slow-page.raw': { size: 1000, slow: 1_500 },
  });
  addWebServer(flow.sim.world, S3, { '/bucket/vmmigrations/a/export.vmdk': image });
});
afterAll(async () => await flow.stop());
afterEach(() => flow.sim.faults.clear());

interface Parts {
  readonly sourceUrl?: string;
  readonly targetName?: string;
  readonly format?: string;
  readonly storageHint?: string;
  readonly expectedChecksum?: string;
  readonly credentials?: Record<string, string>;
  readonly storageOptionsJson?: string;
}

const request = (parts: Parts) => ({
  sourceUrl: `${WEB}/disk.qcow2`,
  targetName: 'web_server-migrated',
  format: 'qcow2',
  transferMode: 'relay',
  verifyChecksum: parts.expectedChecksum !== undefined,
  ...parts,
});

const imported = (): string[] =>
  Object.values(flow.sim.world.volumes)
    .filter(({ content }) => content === 'import')
    .map(({ volid }) => volid);

const downloads = (since: number): string[] =>
  writesSince(flow.sim, since).filter((entry) => entry.endsWith('/download-url'));

describe('ImportDisk', () => {
  it('has a node fetch the image once, whoever asks how often, and gives what Create takes', async () => {
    const since = lastRequest(flow.sim);
    const wish = request({ expectedChecksum: SHA256.toUpperCase() });
    const answers = await Promise.all([
      flow.client.importDisk(wish),
      flow.client.importDisk(wish),
      other.importDisk(wish),
    ]);
    const [first] = answers;
    expect(first).toMatchObject({
      path: expect.stringMatching(/^local:import\/vrtg-web-server-migrated-[0-9a-f]{12}\.qcow2$/),
      checksum: SHA256,
      actualSizeBytes: BigInt(IMAGE.length),
    });
    expect(first.diskId).toBe(first.path);
    expect(first.task).toBeUndefined();
    for (const answer of answers) expect(answer).toEqual(first);
    expect(imported()).toEqual([first.path]);
    expect(downloads(since).length).toBeLessThanOrEqual(2);
    const again = lastRequest(flow.sim);
    expect(await other.importDisk(wish)).toEqual(first);
    expect(writesSince(flow.sim, again)).toEqual([]);
    expect((await flow.client.importDisk(request({}))).path).not.toBe(first.path);
    const image = { TemplateName: '', Path: first.path, Format: 'qcow2' };
    const placement = { Datastore: 'local-lvm' };
    const { id } = await flow.client.create(createRequest({ name: 'migrated', image, networks: [nic()], placement }));
    const { virtualSizeBytes, isBootable } = await flow.client.getDiskInfo({ vmId: id });
    expect({ virtualSizeBytes, isBootable }).toEqual({ virtualSizeBytes: BigInt(64 * 1024 ** 2), isBootable: true });
  });

  it('reads an S3 store with a URL that is signed for the one object, and tells its secret to nobody', async () => {
    const wish = request({
      sourceUrl: 's3://bucket/vmmigrations/a/export.vmdk',
      targetName: 'from-s3',
      credentials: { accessKeyID: 'key', secretAccessKey: SECRET },
      storageOptionsJson: JSON.stringify({ backend: 's3', bucket: 'bucket', endpoint: S3, usePathStyle: true }),
    });
    const { path } = await flow.client.importDisk({ ...wish, backendType: 's3' });
    expect(path).toMatch(/import\/vrtg-from-s3-.*\.qcow2$/);
    expect(imported()).toContain(path);
    const logs = Object.values(flow.sim.world.tasks).flatMap((task) => task.log);
    expect(logs.some((line) => line.includes(`${S3}/bucket/vmmigrations/a/export.vmdk?X-Amz-Algorithm=`))).toBe(true);
    expect([...logs, ...flow.log].filter((line) => line.includes(SECRET))).toEqual([]);
    expect(flow.log.filter((line) => line.includes('X-Amz-Signature'))).toEqual([]);
  });

  it.each([
    [
      'a wrong checksum',
      { expectedChecksum: '0'.repeat(64) },
      'invalid-spec',
      /checksum mismatch.*Correct the checksum/,
    ],
    [
      'a file that is not there',
      { sourceUrl: `${WEB}/none.qcow2` },
      'precondition',
      /404.*Check that the file is there/,
    ],
    [
      'what is no such image',
      { sourceUrl: `${WEB}/empty.qcow2` },
      'invalid-spec',
      /not in qcow2 format.*Correct the format/,
    ],
    [
      'what is no disk',
      { sourceUrl: `${WEB}/page.raw`, format: 'raw' },
      'invalid-spec',
      /^image refused: import: what came has 1000 bytes.*whole sectors.*unpacked first\.$/,
    ],
    [
      'a storage without such content',
      { storageHint: 'local-lvm' },
      'invalid-spec',
      /storage_hint: "local-lvm" takes no import content.*local/,
    ],
  ] as const)('refuses %s, and stores nothing', async (_what, parts, kind, message) => {
    const before = imported();
    const wish = request({ targetName: 'refused', ...parts });
    await expect(flow.client.importDisk(wish)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
    expect(imported()).toEqual(before);
  });

  it('names the privileges that are missing', async () => {
    const restore = revoke(flow.sim, 'Sys.AccessNetwork', '/nodes', ['token']);
    await expect(flow.client.importDisk(request({ targetName: 'unreachable' }))).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringMatching(
        /Grant Sys\.AccessNetwork on \/nodes\/pve\d and Datastore\.AllocateTemplate on \/storage\/local/,
      ),
    });
    restore();
  });

  it('goes to a storage that we may fill, where there is one', async () => {
    const content = async (words: string) =>
      await flow.pve.put('/storage/shared', deadlineIn(60_000), { content: words });
    await content('images,import,iso');
    const restore = revoke(flow.sim, 'Datastore.AllocateTemplate', '/storage/shared', ['token']);
    const { client, end } = await flow.another(2);
    expect((await client.importDisk(request({ targetName: 'local-only' }))).path).toMatch(/^local:import/);
    restore();
    await Promise.all([end(), content('images,iso')]);
  });

  it('goes on where the answer to its call was lost', async () => {
    flow.sim.faults.add([{ method: 'POST', path: '/download-url$', count: 1, action: { dropAfter: true } }]);
    const since = lastRequest(flow.sim);
    await flow.client.importDisk(request({ targetName: 'lost' }));
    expect(downloads(since)).toHaveLength(1);
  });

  it('that outlasts its call is a task, which any replica judges', async () => {
    const wish = request({ sourceUrl: `${WEB}/slow.qcow2`, targetName: 'slow' });
    const since = lastRequest(flow.sim);
    const page = request({ sourceUrl: `${WEB}/slow-page.raw`, format: 'raw', targetName: 'slow-page' });
    const outlasting = async (one: typeof wish) => {
      const { answer } = await until(
        async () => await outcomeOf(flow.client.importDisk(one, { deadlineMs: 2_000 })),
        ({ kind }) => kind !== 'busy',
      );
      return answer ?? { path: '', task: undefined };
    };
    const [{ path, task }, { task: raw }] = await Promise.all([outlasting(wish), outlasting(page)]);
    expect(task?.id).toMatch(/^vrtg1\.import\.-\.-\.local\.UPID:pve\d:/);
    expect(await other.taskStatus({ task: task ?? { id: '' } })).toMatchObject({ done: false, error: '' });
    expect(imported()).not.toContain(path);
    for (const slow of ['/slow.qcow2', '/slow-page.raw']) takeSeconds(flow.sim, WEB, slow, 10);
    const { error } = await until(
      async () => await other.taskStatus({ task: task ?? { id: '' } }),
      ({ done }) => done,
    );
    expect(error).toBe('');
    expect(imported()).toContain(path);
    const again = await flow.client.importDisk(wish);
    expect({ path: again.path, task: again.task }).toEqual({ path, task: undefined });
    // One of each.
    expect(downloads(since)).toHaveLength(2);
    const judged = await until(
      async () => await other.taskStatus({ task: raw ?? { id: '' } }),
      ({ done }) => done,
    );
    expect(judged.error).toMatch(/^image local:import\/vrtg-slow-page-.*what came has 1000 bytes/);
    const tasks = Object.entries(flow.sim.world.tasks);
    const [failed = ''] = tasks.find(([, { exitstatus }]) => exitstatus?.includes('404') === true) ?? [];
    const id = `vrtg1.import.-.-.local.${failed}`;
    expect(await other.taskStatus({ task: { id } })).toMatchObject({
      done: true,
      error: expect.stringMatching(/^image local:import\/vrtg-refused-.*404.*Import it again/),
    });
  });
});

describe('ExportDisk', () => {
  it('is refused with the reason and the way out, and nothing is asked of PVE', async () => {
    const since = lastRequest(flow.sim);
    await expect(flow.client.exportDisk({ vmId: '100' })).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/^VM 100: export a disk: .*vzdump/),
    });
    expect(requestsSince(flow.sim, since)).toEqual([]);
  });
});

describe('GetCapabilities', () => {
  it('says that images are fetched and not handed out, which an old PVE refuses by its version', async () => {
    expect(await flow.client.getCapabilities({})).toMatchObject({
      supportsDiskImport: true,
      supportsDiskExport: false,
      supportedExportBackends: [],
      supportedImportBackends: ['s3', 'https'],
      supportedTransferModes: ['relay'],
    });
    const old = await startFlow({ simulator: { timeScale: 100, cluster: { ...THREE_NODE, pve: '8.1' } } });
    await expect(old.client.importDisk(request({}))).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/from 8\.4 on, and this is 8\.1/),
    });
    await old.stop();
  });
});
