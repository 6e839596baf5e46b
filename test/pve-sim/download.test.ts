// Files that a node fetches from the web (pve-behaviour 8.6), from servers of the world's table and from a real one.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { emptyQcow2 } from '#pve-sim/web/qcow2';
import { addWebServer } from '#pve-sim/web/web-server';
import { objectOf, type Params, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

const BASE = 'http://images.example:8080';
const IMAGE = emptyQcow2(64 * 1024 ** 2);
const local = '/nodes/pve/storage/local';
let simulator: Simulator;
let root: PveClient;

beforeEach(async () => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 100 });
  root = pveClient(simulator, { token: simulator.rootToken });
  addWebServer(simulator.world, BASE, {
    '/a.iso': { size: 4096, type: 'application/x-iso9660-image; charset=binary' },
    '/named': { size: 10, cd: 'attachment; filename="real.iso"' },
    '/moved.iso': { size: 0, redirect: '/a.iso' },
    '/cloud.img': { size: IMAGE.length, what: 'qcow2' },
    '/slow.iso': { size: 1000, slow: 1000 },
  });
});

afterEach(async () => {
  await root.close();
  await simulator.stop();
});

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const download = async (path: string, params: Params = {}) =>
  await root.task('post', `${local}/download-url`, {
    url: path.startsWith('http') ? path : `${BASE}${path}`,
    content: 'iso',
    filename: 'a.iso',
    ...params,
  });
const stored = (name: string) => simulator.world.volumes[`pve/local:${name}`];
const reasonOf = async (call: ReturnType<PveClient['get']>) => {
  const { status, reason } = await call;
  return `${status} ${reason}`;
};

describe('a download', () => {
  test('is there when it is whole, under its name, and its task tells of it', async () => {
    const reply = await root.post(`${local}/download-url`, {
      url: `${BASE}/slow.iso`,
      content: 'iso',
      filename: 'dir/s l.iso',
    });
    expect(reply.data).toMatch(/^UPID:pve:.*:download:s_l\.iso:/);
    const log = async () =>
      rowsOf(await root.get(`/nodes/pve/tasks/${String(reply.data)}/log`)).map(({ t }) => String(t));
    await eventually(simulator.clock, log, (lines) => lines.some((line) => /\b\d+%$/.test(line)));
    expect(stored('iso/s_l.iso')).toBeUndefined();
    expect(await root.exitOf(reply.data)).toBe('OK');
    expect(stored('iso/s_l.iso')?.data).toEqual(new Uint8Array(1000));
    expect((await log())[0]).toBe(`downloading ${BASE}/slow.iso to /var/lib/vz/template/iso/s_l.iso`);
  });

  test('that is stopped leaves nothing', async () => {
    const { data } = await root.post(`${local}/download-url`, {
      url: `${BASE}/slow.iso`,
      content: 'iso',
      filename: 'slow.iso',
    });
    await root.del(`/nodes/pve/tasks/${String(data)}`);
    expect(await root.exitOf(data)).toBe('download failed: interrupted by signal');
    expect(stored('iso/slow.iso')).toBeUndefined();
  });

  test.each([
    ['/none.iso', /^download failed: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ERROR 404: Not Found\.$/],
    ['http://127.0.0.1:1/x.iso', /^download failed: Connecting to 127\.0\.0\.1:1\.\.\. failed: Connection refused\.$/],
    ['http://nosuch.invalid/x.iso', /^download failed: wget: unable to resolve host address 'nosuch\.invalid'$/],
  ])('of %s fails with %s', async (path, expected) => {
    expect(await download(path)).toMatch(expected);
    expect(stored('iso/a.iso')).toBeUndefined();
  });

  test('follows redirects', async () => {
    expect(await download('/moved.iso')).toBe('OK');
    expect(stored('iso/a.iso')?.sizeBytes).toBe(4096);
  });

  test('is checked against its checksum, whatever its case', async () => {
    const right = sha256(new Uint8Array(4096));
    const params = (checksum: string) => ({ 'checksum-algorithm': 'sha256', checksum });
    expect(await download('/a.iso', params('00'))).toBe(`checksum mismatch: got '${right}' != expect '00'`);
    expect(stored('iso/a.iso')).toBeUndefined();
    expect(await download('/a.iso', params(right.toUpperCase()))).toBe('OK');
  });

  test('never replaces a file, and needs none where the right one is there', async () => {
    await download('/a.iso');
    const before = stored('iso/a.iso');
    const right = sha256(new Uint8Array(4096));
    expect(await download('/named')).toBe("refusing to override existing file '/var/lib/vz/template/iso/a.iso'");
    expect(await download('/none', { 'checksum-algorithm': 'sha256', checksum: right })).toBe('OK');
    expect(await download('/named', { 'checksum-algorithm': 'md5', checksum: '00' })).toMatch(
      /^checksum mismatch: got '[0-9a-f]{32}' != expect '00', aborting$/,
    );
    expect(stored('iso/a.iso')).toBe(before);
  });

  test('for import has to be what its name says', async () => {
    const image = { content: 'import', filename: 'cloud.qcow2' };
    expect(await download('/a.iso', image)).toMatch(
      /^failed to verify file: qemu-img: Could not open '.*': Image is not in qcow2 format$/,
    );
    expect(await download('/cloud.img', image)).toBe('OK');
    const volume = objectOf(await root.get(`${local}/content/local:import/cloud.qcow2`));
    expect(volume).toMatchObject({ size: 64 * 1024 ** 2, format: 'qcow2', path: '/var/lib/vz/import/cloud.qcow2' });
  });

  test('fails where there is no room for it', async () => {
    const storage = simulator.world.storages['local'];
    if (storage !== undefined) simulator.world.storages['local'] = { ...storage, totalBytes: 1 };
    expect(await download('/a.iso')).toMatch(/^download failed: Cannot write to '.*' \(No space left on device\)\.$/);
  });
});

describe('is refused', () => {
  const refused = async (params: Params, storage = 'local') =>
    await root.post(`/nodes/pve/storage/${storage}/download-url`, {
      url: `${BASE}/a.iso`,
      content: 'iso',
      filename: 'a.iso',
      ...params,
    });

  test.each([
    [{ filename: 'a.txt' }, { filename: 'wrong file extension' }],
    [{ content: 'import', filename: 'a.img' }, { filename: 'invalid filename or wrong extension' }],
    [{ url: 'ftp://x/y' }, { url: 'value does not match the regex pattern' }],
    [{ checksum: 'x' }, { 'checksum-algorithm': "missing property required by 'checksum'" }],
  ])('for %o', async (params, errors) => {
    expect((await refused(params)).errors).toEqual(errors);
  });

  test('where the storage takes no such files, or no files at all', async () => {
    await root.put('/storage/local', { content: 'import' });
    expect((await refused({})).reason).toBe("storage 'local' is not configured for content-type 'iso'");
    expect((await refused({}, 'local-lvm')).reason).toBe(
      "can't upload to storage type 'lvmthin', not a file based storage!",
    );
    expect((await refused({ content: 'import', filename: 'a.raw', compression: 'gz' })).reason).toBe(
      'decompression not supported for import',
    );
  });

  test('without a right to reach out', async () => {
    const provider = pveClient(simulator);
    simulator.world.access.acl = simulator.world.access.acl.filter(({ path }) => path.startsWith('/storage'));
    const call = provider.get('/nodes/pve/query-url-metadata', { url: `${BASE}/a.iso` });
    expect(await reasonOf(call)).toBe('403 Permission check failed');
    await provider.close();
  });
});

describe('what a server says of a file', () => {
  const metadata = async (url: string) => await root.get('/nodes/pve/query-url-metadata', { url });

  test.each([
    [`${BASE}/a.iso?x=1`, { filename: 'a.iso', size: 4096, mimetype: 'application/x-iso9660-image' }],
    [`${BASE}/named`, { filename: 'real.iso', size: 10, mimetype: 'application/octet-stream' }],
    [`${BASE}/moved.iso`, { filename: 'moved.iso', size: 4096, mimetype: 'application/x-iso9660-image' }],
  ])('%s', async (url, expected) => {
    expect(objectOf(await metadata(url))).toEqual(expected);
  });

  test('or that there is none', async () => {
    expect(await reasonOf(metadata(`${BASE}/none`))).toBe("500 invalid server response: '404 Not Found'");
    expect(await reasonOf(metadata('http://127.0.0.1:1/x'))).toBe(
      "500 invalid server response: '500 Can't connect to 127.0.0.1:1 (Connection refused)'",
    );
  });
});

describe('a real web server', () => {
  const packed = gzipSync('an image');
  const server = createServer((request, response) => {
    if (request.url === '/broken') return void response.writeHead(503).end();
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': packed.length });
    response.end(packed);
  });
  const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());

  test('is asked and downloaded from, and what it sends is unpacked', async () => {
    expect(objectOf(await root.get('/nodes/pve/query-url-metadata', { url: url('/x.iso.gz') }))).toEqual({
      filename: 'x.iso.gz',
      size: packed.length,
      mimetype: 'text/plain',
    });
    expect(await download(url('/x.iso.gz'), { compression: 'gz' })).toBe('OK');
    expect(Buffer.from(stored('iso/a.iso')?.data ?? []).toString()).toBe('an image');
    expect(await download(url('/x.iso.gz'), { compression: 'zst', filename: 'b.iso' })).toMatch(
      /^decompression failed: .*: unsupported format$/,
    );
  });

  test('that refuses is told of', async () => {
    expect(await download(url('/broken'))).toMatch(/^download failed: .* ERROR 503: Service Unavailable\.$/);
  });
});
