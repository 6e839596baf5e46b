// Where an image comes from, by kind of source. One image may name a source for each kind of provider; what is meant for
// others is held to its form only.
import { DISK_FORMATS } from '#domain/fetched-image';
import type { z } from 'zod';
import { cloneMode, duration, flag, localReference, oneOf, reference, text, textMap, whole, words } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

export const FORMATS = ['qcow2', 'raw', 'vmdk', 'vhd', 'vhdx', 'iso', 'ova', 'ovf'] as const;

const checksum = {
  checksum: text('Checksum in hexadecimal, also with its algorithm before it: `sha256:...`.'),
  checksumType: oneOf('Its algorithm; by default the one whose checksums have that many digits.', [
    'md5',
    'sha1',
    'sha256',
    'sha512',
  ]),
};

const proxmox = optionalObject({
  templateID: whole('VMID of a template or of an ordinary VM; it wins over the name.', 100, 999_999_999),
  templateName: text('Name of a template or of an ordinary VM; or a volume, as in `source`.', 255),
  storage: text('Storage for the boot disk, or for what is fetched.', 255),
  node: text(
    'The node that what is named is on, or where a template of a URL is made; several of these with commas between.',
    1023,
  ),
  nodes: words(
    'The nodes that are each to have a template of a URL; `*` alone is every node with the storage. Instead of `node`.',
    200,
  ),
  format: oneOf('Format of the disk of what is fetched. Of no account where a template is named.', DISK_FORMATS),
  fullClone: flag('`false`: a linked clone. Another way to say `cloneMode`.'),
  cloneMode: cloneMode('How the template is copied.'),
  snapshot: text('The snapshot of it that is copied, instead of its present.', 40),
}).describe('A template or VM on Proxmox VE, or where to put what another source names.');

const secretWith = (keys: Readonly<Record<string, string>>) =>
  strictObject({
    secretRef: localReference('The Secret.'),
    ...optional(
      Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, text(`Its entry; \`${key}\` by default.`)])),
    ),
  });

const authentication = optionalObject({
  basicAuth: secretWith({ usernameKey: 'username', passwordKey: 'password' }).describe('User and password.'),
  bearer: secretWith({ tokenKey: 'token' }).describe('A token.'),
  clientCert: secretWith({ certKey: 'tls.crt', keyKey: 'tls.key' }).describe('A client certificate.'),
}).describe('How the download is authenticated. Proxmox VE fetches without: refused.');

const http = strictObject({
  url: text('URL of the image.').regex(/^https?:\/\/.*/, { error: 'expected a URL with http or https' }),
  ...optional({
    ...checksum,
    headers: textMap('Headers of the request. Proxmox VE sends none: refused.'),
    authentication,
    timeout: duration('Of no effect: an import that has begun is finished.'),
  }),
}).describe('An image that is fetched, and becomes a template once.');

const registry = strictObject({
  image: text('Name of the image.').regex(/^[a-zA-Z0-9._/-]+:[a-zA-Z0-9._-]+$/),
  ...optional({
    format: oneOf('Format of the disk in it.', FORMATS),
    pullSecretRef: localReference('The Secret to pull it with.'),
  }),
}).describe('A container image with a disk. Proxmox VE cannot fetch it: refused.');

const libvirt = optionalObject({
  path: text('Path of the image.'),
  url: text('URL of the image.'),
  format: oneOf('Its format.', FORMATS),
  storagePool: text('Pool of libvirt.', 255),
  ...checksum,
}).describe('For providers of libvirt.');

const vsphere = optionalObject({
  templateName: text('Template of vSphere.', 255),
  ovaURL: text('URL of an OVA.'),
  contentLibrary: strictObject({
    library: text('Library.', 255),
    item: text('Item.', 255),
    ...optional({ version: text('Version.') }),
  }).describe('Item of a content library.'),
  providerRef: localReference('The Provider it is on.'),
  ...checksum,
}).describe('For providers of vSphere.');

export const sources = optionalObject({
  proxmox,
  blank: flag('An empty boot disk, and nothing to install from.'),
  http,
  registry,
  dataVolume: reference('A data volume. Proxmox VE has none: refused.'),
  libvirt,
  vsphere,
});

export type Sources = z.output<typeof sources>;
