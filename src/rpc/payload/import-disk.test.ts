import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ImportDiskRequestSchema } from '../contract.ts';
import { decodeImportDisk } from './import-disk.ts';

const SHA256 = 'ab'.repeat(32);
const keys = { accessKeyID: 'key', secretAccessKey: 'secret' };

const decode = (parts: Record<string, unknown>) =>
  decodeImportDisk(
    create(ImportDiskRequestSchema, {
      sourceUrl: 'https://images.example/disk.qcow2',
      targetName: 'web-migrated',
      format: 'qcow2',
      ...parts,
    }),
  );

describe('an import', () => {
  it('takes its format from the URL where none is said, and no checksum unless it is to be compared', () => {
    const parts = { sourceUrl: 'https://images.example/a/Disk.VMDK?x=1', format: '', expectedChecksum: 'odd' };
    expect(decode(parts)).toMatchObject({ format: 'vmdk', checksum: undefined, storage: undefined });
  });

  it.each([
    [SHA256, 'sha256'],
    [`sha256:${SHA256}`, 'sha256'],
    ['ab'.repeat(16), 'md5'],
    ['AB'.repeat(64), 'sha512'],
  ])('knows the algorithm of %s', (expectedChecksum, algorithm) => {
    expect(decode({ verifyChecksum: true, expectedChecksum }).checksum).toMatchObject({ algorithm });
  });

  it('reads an S3 store as the manager names it, and a bare host as one with TLS', () => {
    const storageOptionsJson = JSON.stringify({
      backend: 's3',
      bucket: 'b',
      prefix: 'p',
      endpoint: 'store.example:9000',
      usePathStyle: false,
    });
    const { source } = decode({ sourceUrl: 's3://b/p/a%20b.vmdk', storageOptionsJson, credentials: keys });
    expect(source).toMatchObject({
      kind: 's3',
      object: { bucket: 'b', key: 'p/a b.vmdk', endpoint: new URL('https://store.example:9000'), region: 'us-east-1' },
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: undefined },
    });
  });

  const s3 = { sourceUrl: 's3://bucket/key', credentials: keys };
  it.each([
    ['no source', { sourceUrl: ' ' }, /^source_url: is missing/],
    ['no URL', { sourceUrl: 'disk.qcow2' }, /^source_url: is no URL/],
    ['a claim in Kubernetes', { sourceUrl: 'pvc://a/export.qcow2' }, /^source_url: .* "pvc" URLs.*s3:\/\/bucket\/key/],
    ['an NFS export', { sourceUrl: 'nfs://server/a' }, /^source_url: .* "nfs" URLs/],
    ['a file', { sourceUrl: 'file:///etc/passwd' }, /^source_url: .* "file" URLs/],
    ['a password in the URL', { sourceUrl: 'https://u:p@images.example/a' }, /^source_url: has a password/],
    [
      'http without a checksum',
      { sourceUrl: 'http://images.example/a' },
      /^source_url: .*https, or give expected_checksum/,
    ],
    ['the node itself', { sourceUrl: 'https://localhost/a' }, /^source_url: "localhost"/],
    ['an address of the node itself', { sourceUrl: 'https://[::ffff:127.0.0.1]/a' }, /^source_url: /],
    ['the address of metadata', { sourceUrl: 'https://169.254.169.254/a' }, /^source_url: /],
    [
      'a store on the node itself',
      { ...s3, storageOptionsJson: '{"endpoint":"127.0.0.1"}' },
      /^storage_options_json\.endpoint: /,
    ],
    ['credentials that nothing uses', { credentials: keys }, /^credentials: /],
    ['half the credentials', { ...s3, credentials: { accessKeyID: 'a' } }, /^credentials\.secretAccessKey: is missing/],
    ['a bucket alone', { ...s3, sourceUrl: 's3://bucket' }, /^source_url: names no bucket and key/],
    ['an option that nobody knows', { ...s3, storageOptionsJson: '{"server":"x"}' }, /^storage_options_json\.server: /],
    [
      'a store that is no address',
      { ...s3, storageOptionsJson: '{"endpoint":"ftp://x"}' },
      /^storage_options_json\.endpoint: /,
    ],
    ['no name', { targetName: '' }, /^target_name: is missing/],
    ['a format that PVE has not', { format: 'vhdx' }, /^format: PVE imports no "vhdx".*qcow2, raw, vmdk/],
    ['no format', { format: '', sourceUrl: 'https://images.example/disk' }, /^format: is missing/],
    ['a checksum that is missing', { verifyChecksum: true }, /^expected_checksum: is missing/],
    [
      'a checksum that is none',
      { verifyChecksum: true, expectedChecksum: 'abc' },
      /^expected_checksum: is no checksum/,
    ],
    ['another mode', { transferMode: 'direct' }, /^transfer_mode: "direct"/],
    ['another backend', { backendType: 'nfs' }, /^backend_type: .*"nfs".*"s3"/],
  ])('with %s is refused', (_what, parts, message) => {
    expect(() => decode(parts)).toThrow(
      expect.objectContaining({ kind: 'invalid-spec', message: expect.stringMatching(message) }),
    );
  });
});
