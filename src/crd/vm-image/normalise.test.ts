import { describe, expect, test } from 'vitest';
import { type Manifest, parseManifests } from '../manifests.ts';
import { normaliseImage } from './normalise.ts';

type Spec = Readonly<Record<string, unknown>>;

function image(spec: Spec): Manifest {
  const [manifest] = parseManifests(
    JSON.stringify({ apiVersion: 'infra.virtrigaud.io/v1beta1', kind: 'VMImage', metadata: { name: 'i' }, spec }),
  );
  if (manifest === undefined) throw new Error('no manifest');
  return manifest;
}

const read = (spec: Spec): unknown => normaliseImage(image(spec));
const url = 'https://x/y.qcow2';
const web = (http: Spec, rest: Spec = {}): Spec => ({ source: { http: { url, ...http } }, ...rest });
const on = (proxmox: Spec): Spec => ({ source: { http: { url }, proxmox } });
const SHA512 = 'c'.repeat(128);

describe('an image that is fetched', () => {
  test.each([
    [web({}), { checksum: undefined, node: undefined, nodes: undefined, system: undefined, onMissing: 'import' }],
    [web({ checksum: `sha512:${SHA512.toUpperCase()}` }), { checksum: { algorithm: 'sha512', value: SHA512 } }],
    [web({ checksum: SHA512, checksumType: 'sha512' }), { checksum: { algorithm: 'sha512' } }],
    [web({ checksumType: 'sha256' }), { checksum: undefined }],
    [web({ checksum: 'zz' }, { prepare: { validateChecksum: false } }), { checksum: undefined }],
    [on({ nodes: ['b', 'a', 'b'] }), { node: undefined, nodes: ['a', 'b'] }],
    [on({ node: 'b, a' }), { node: undefined, nodes: ['a', 'b'] }],
    [on({ node: '*' }), { nodes: ['*'] }],
    [on({ node: 'a' }), { node: 'a', nodes: undefined }],
    [web({}, { prepare: { storage: { preferredFormat: 'raw' } } }), { diskFormat: 'raw' }],
    [{ ...on({ format: 'qcow2' }), prepare: { optimization: { convertFormat: 'vmdk' } } }, { diskFormat: 'vmdk' }],
    [web({}, { distribution: { name: 'windows' } }), { system: 'windows' }],
    [web({}, { distribution: { name: 'freebsd' } }), { system: 'bsd' }],
    [web({}, { distribution: { name: 'ubuntu', family: 'linux' } }), { system: undefined }],
  ])('%j', (spec, means) => {
    expect(read(spec)).toMatchObject({ kind: 'fetched', image: { url, ...means } });
  });

  test.each([
    [web({ checksum: 'zz' }), /source.http.checksum: it is no checksum in hex digits/],
    [web({ checksum: `sha256:${SHA512}` }), /source.http.checksum: it is no checksum/],
    [
      web({ checksum: SHA512, checksumType: 'sha256' }),
      /checksumType: the checksum has the 128 hex digits of a sha512/,
    ],
    [on({ nodes: ['a'], node: 'b' }), /proxmox.nodes: node "b" is named too/],
    [on({ nodes: ['*', 'a'] }), /proxmox.nodes: "\*" means every node/],
    [on({ node: 'a,' }), /proxmox.node\[1\]: is empty/],
    [on({ snapshot: 's' }), /proxmox.snapshot: a template is made of what is fetched/],
    [{ source: { http: { url }, blank: true } }, /source.blank: it also names "https/],
    [web({}, { prepare: { force: true } }), /prepare.force: a template is never replaced/],
    [web({}, { prepare: { storage: { compression: true } } }), /prepare.storage.compression: /],
    [web({}, { prepare: { storage: { preferredFormat: 'vhdx' } } }), /preferredFormat: Proxmox VE has no disks in/],
    [
      web({}, { prepare: { storage: { preferredFormat: 'raw' }, optimization: { convertFormat: 'qcow2' } } }),
      /optimization.convertFormat: it says qcow2, but storage.preferredFormat says raw/,
    ],
    [web({}, { prepare: { optimization: { removeUnusedSpace: true } } }), /optimization.removeUnusedSpace: /],
    [web({}, { metadata: { architecture: 'aarch64' } }), /metadata.architecture: .*x86-64/],
  ])('is refused where it asks for what cannot be: %j', (spec, says) => {
    expect(() => read(spec)).toThrow(says);
  });
});

describe('an image that is there', () => {
  test.each([
    [{ source: { proxmox: { templateID: 9000, nodes: ['a', 'b'] } } }, /proxmox.nodes: it says where templates/],
    [{ source: { proxmox: { templateName: 't', node: 'a,b' } } }, /proxmox.node: it says where templates/],
    [{ source: true }, /spec.source: expected the name of a template or VM, a VMID from 100/],
    [{ source: 99 }, /spec.source: /],
    [{ source: '' }, /spec.source: it is empty/],
  ])('is refused where it says more than its name: %j', (spec, says) => {
    expect(() => read(spec)).toThrow(says);
  });

  test('may be noted to be for other machines, since nobody fetches it', () => {
    expect(read({ source: 'golden', metadata: { architecture: 'arm64' }, prepare: { force: true } })).toEqual({
      kind: 'there',
      source: { kind: 'template', ref: 'golden' },
    });
  });
});
