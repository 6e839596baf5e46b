import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ImagePrepareRequestSchema } from '../contract.ts';
import { decodeImagePrepare } from './image-prepare.ts';

const SHA256 = 'ab'.repeat(32);
const URL = 'https://images.example/cloud.qcow2';

const decode = (image: unknown, parts: { targetName?: string; storageHint?: string } = {}) =>
  decodeImagePrepare(
    create(ImagePrepareRequestSchema, { imageJson: JSON.stringify(image), targetName: 'ubuntu', ...parts }),
  );

const http = (words: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  source: { http: { url: URL, checksumType: 'sha256', timeout: '30m0s', ...words } },
  prepare: { onMissing: 'Import', timeout: '30m0s', retries: 3, validateChecksum: true, force: false },
  metadata: { architecture: 'amd64' },
  ...more,
});

describe('an image from the web', () => {
  it('is the spec of a VMImage with all that an API server fills in', () => {
    const spec = http(
      { checksum: `SHA256:${SHA256.toUpperCase()}` },
      { distribution: { family: 'linux', name: 'ubuntu' } },
    );
    const proxmox = { storage: 'local-lvm', node: 'pve2', format: 'qcow2', fullClone: true };
    expect(decode({ ...spec, source: { ...spec.source, proxmox, libvirt: { url: 'ftp://x/y' } } })).toEqual({
      kind: 'web',
      target: 'ubuntu',
      url: URL,
      checksum: { algorithm: 'sha256', value: SHA256 },
      formats: ['qcow2'],
      storage: 'local-lvm',
      diskFormat: 'qcow2',
      node: 'pve2',
      osType: 'l26',
      imports: true,
    });
    const prepare = (onMissing: string) => decode({ source: spec.source, prepare: { onMissing } });
    expect([prepare('Fail'), prepare('Wait')]).toMatchObject([{ imports: false }, { imports: false }]);
  });

  it('is the flat object of a Create, too', () => {
    const flat = {
      TemplateName: '',
      Path: '',
      URL,
      Format: 'template',
      Checksum: SHA256,
      ChecksumType: 'sha256',
      Node: 'pve1',
    };
    expect(decode(flat, { storageHint: 'ceph' })).toMatchObject({
      url: URL,
      checksum: { value: SHA256 },
      storage: 'ceph',
      node: 'pve1',
    });
    expect(decode({ source: URL })).toMatchObject({ url: URL, checksum: undefined });
  });

  it.each([
    [{ node: 'pve2' }, { node: 'pve2', nodes: undefined }],
    [{ nodes: ['pve2', 'pve1', 'pve2'] }, { node: undefined, nodes: ['pve1', 'pve2'] }],
    [{ node: 'pve2, pve1' }, { node: undefined, nodes: ['pve1', 'pve2'] }],
    [{ node: '*' }, { node: undefined, nodes: ['*'] }],
    [{ nodes: ['*'] }, { node: undefined, nodes: ['*'] }],
    [{ nodes: [] }, { node: undefined, nodes: undefined }],
  ])('for %o is made there', (proxmox, expected) => {
    const { source } = http();
    const image = decode({ source: { ...source, proxmox } });
    expect(image).toMatchObject(expected);
    const flat = Object.fromEntries(
      Object.entries(proxmox).map(([key, value]) => [key === 'node' ? 'Node' : 'Nodes', value]),
    );
    expect(decode({ URL, ...flat })).toMatchObject(expected);
    expect(decode({ source: { ...source, proxmox }, ...flat })).toMatchObject(expected);
  });

  const FIELD = 'image_json\\.source\\.proxmox';
  it.each([
    [{ node: 'pve1', nodes: ['pve2'] }, `^${FIELD}\\.nodes: node "pve1" is named too`],
    [{ nodes: ['pve1', '*'] }, `^${FIELD}\\.nodes: "\\*" means every node, and others are named`],
    [{ node: 'pve1,' }, `^${FIELD}\\.node\\[1\\]: is empty`],
    [{ nodes: 'pve1' }, `^${FIELD}\\.nodes: must be a list`],
    [{ templateName: 'a', nodes: ['pve1'] }, `^${FIELD}\\.nodes: says where templates of a URL are made`],
  ])('is refused for nodes %o', (proxmox, message) => {
    const { source } = http();
    expect(() => decode({ source: { ...source, proxmox } })).toThrow(new RegExp(message));
  });

  it.each([
    ['disk.raw', {}, ['raw']],
    ['disk.VMDK', {}, ['vmdk']],
    ['cloud.img', {}, ['qcow2']],
    ['cloud.img', { checksum: SHA256 }, ['qcow2', 'raw']],
    ['download', { checksum: SHA256 }, ['qcow2', 'raw']],
  ])('called %s with %o is taken for %o', (name, words, formats) => {
    expect(decode(http({ url: `https://images.example/${name}?x=1.raw`, ...words }))).toMatchObject({ formats });
  });

  it.each([
    ['md5', 32],
    ['sha1', 40],
    ['sha224', 56],
    ['sha256', 64],
    ['sha384', 96],
    ['sha512', 128],
  ])('is compared by %s, with or without its name', (algorithm, digits) => {
    const value = 'c'.repeat(digits);
    for (const checksum of [value, `${algorithm}:${value}`, ` ${value.toUpperCase()} `]) {
      expect(decode(http({ checksum, checksumType: algorithm }))).toMatchObject({ checksum: { algorithm, value } });
    }
  });

  it.each([
    ['https://images.example/a b/ü.qcow2?sig=a%2Fb', 'https://images.example/a%20b/%C3%BC.qcow2?sig=a%2Fb'],
    ['HTTPS://[2001:db8::1]:8443/a.qcow2', 'https://[2001:db8::1]:8443/a.qcow2'],
  ])('%s is fetched as %s', (url, fetched) => {
    expect(decode(http({ url }))).toMatchObject({ url: fetched });
  });

  it('is not compared where nobody wants that, and its disk has the format that is preferred', () => {
    const prepare = { validateChecksum: false, storage: { preferredFormat: 'raw' } };
    expect(decode(http({ checksum: SHA256 }, { prepare }))).toMatchObject({ checksum: undefined, diskFormat: 'raw' });
    expect(decode(http({}, { distribution: { family: 'windows' } }))).toMatchObject({ osType: 'win10' });
  });

  const refused = (words: Record<string, unknown>, more?: Record<string, unknown>) => http(words, more);
  it.each([
    ['headers', refused({ headers: { Authorization: 'x' } }), /^image_json\.source\.http\.headers: .*presigned URL/],
    ['credentials', refused({ authentication: { bearer: {} } }), /^image_json\.source\.http\.authentication: /],
    [
      'a password',
      refused({ url: 'https://u:p@images.example/a.raw' }),
      /^image_json\.source\.http\.url: has a password/,
    ],
    ['http without a checksum', refused({ url: 'http://images.example/a.raw' }), /over http anybody.*checksum/],
    ['the node itself', refused({ url: 'https://localhost./a.raw' }), /the node itself/],
    ['nobody', refused({ url: 'https://[::ffff:0.0.0.0]/a.raw' }), /nobody's address/],
    ['a file of a node', refused({ url: 'file:///etc/passwd' }), /is no URL that a node/],
    ['an endless URL', refused({ url: `https://images.example/${'a'.repeat(3000)}` }), /2048 are the most/],
    ['what is no URL', refused({ url: 'images.example' }), /is no URL that a node/],
    [
      'a compressed file',
      refused({ url: `${URL}.xz` }),
      /^image_json\.source\.http\.url: "\.xz" is compressed.*unpack it/,
    ],
    ['a file compressed otherwise', refused({ url: `${URL}.lzma`, checksum: SHA256 }), /"\.lzma" is compressed/],
    ['an ISO', refused({ url: 'https://images.example/a.iso' }), /"\.iso" is an ISO image/],
    ['an appliance', refused({ url: 'https://images.example/a.ova' }), /"\.ova" is an appliance/],
    ['an odd checksum', refused({ checksum: 'abc' }), /^image_json\.source\.http\.checksum: is no checksum/],
    ['a checksum that calls itself another', refused({ checksum: `md5:${SHA256}` }), /checksum: is no checksum/],
    ['another algorithm', refused({ checksum: 'ab'.repeat(64) }), /128 hex digits, as a sha512 has.*checksumType/],
    ['force', refused({}, { prepare: { force: true } }), /^image_json\.prepare\.force: a template is never replaced/],
    [
      'compression',
      refused({}, { prepare: { optimization: { enableCompression: true } } }),
      /^image_json\.prepare\.optimization\.enableCompression/,
    ],
    ['another architecture', refused({}, { metadata: { architecture: 'arm64' } }), /x86-64, and run no "arm64"/],
    ['a key nobody knows', refused({ proxy: 'x' }), /^image_json\.source\.http\.proxy: /],
    ['a registry', { source: { registry: { image: 'a:b' } } }, /^image_json\.source\.registry: no node .*registry/],
    ['a DataVolume', { source: { dataVolume: { name: 'a' } } }, /^image_json\.source\.dataVolume: .*DataVolume/],
    ['nothing', { source: {} }, /^image_json\.source: it names neither a template nor a URL/],
  ])('is refused for %s', (_what, image, message) => {
    expect(() => decode(image)).toThrow(
      expect.objectContaining({ kind: 'invalid-spec', message: expect.stringMatching(message) }),
    );
  });

  it.each([
    [{ targetName: ' ' }, /^target_name: is missing/],
    [{ targetName: 'a_b' }, /^target_name: .*DNS name/],
    [{ storageHint: 'ceph' }, /^storage_hint: "ceph" differs from "local" in image_json\.source\.proxmox\.storage/],
  ])('is refused with %o', (parts, message) => {
    const spec = http();
    const image = { ...spec, source: { ...spec.source, proxmox: { storage: 'local' } } };
    expect(() => decode(image, parts)).toThrow(message);
  });
});

describe('an image that is there', () => {
  it.each([
    [{ source: { proxmox: { templateID: 9000 }, http: { url: URL } } }, { template: '9000', field: /templateID$/ }],
    [
      { source: { proxmox: { templateName: 'ubuntu', node: 'pve2' } } },
      { template: 'ubuntu', node: 'pve2', field: /templateName$/ },
    ],
    [
      { TemplateName: 'ubuntu', URL, Format: 'ova' },
      { template: 'ubuntu', field: /TemplateName$/ },
    ],
    [{ source: 'ubuntu' }, { template: 'ubuntu', field: /source$/ }],
    [{ Path: 'local:import/a.qcow2' }, { volume: 'local:import/a.qcow2', content: 'disk', field: /Path$/ }],
    [{ source: 'local:iso/a.iso' }, { volume: 'local:iso/a.iso', content: 'iso', field: /source$/ }],
  ])('%o', (image, { field, ...expected }) => {
    expect(decode(image)).toMatchObject({ kind: 'existing', ...expected, field: expect.stringMatching(field) });
  });
});
