import { duration, flag, oneOf, text, whole } from '../fields.ts';
import { optionalObject } from '../strict-object.ts';
import { FORMATS } from './sources.ts';

const storage = optionalObject({
  preferredFormat: oneOf(
    'Format of the disk of the template, on a storage that knows several: `qcow2`, `raw` or `vmdk`.',
    FORMATS,
  ),
  compression: flag('Refused where it is true: the storage decides.'),
  libvirt: optionalObject({
    allocationPolicy: oneOf('When space is taken.', ['eager', 'lazy']),
    preallocation: oneOf('How much space is taken at once.', ['off', 'metadata', 'falloc', 'full']),
    storagePool: text('Pool.', 255),
  }).describe('For providers of libvirt.'),
  vsphere: optionalObject({
    datastore: text('Datastore.', 255),
    diskType: oneOf('Type of disk.', ['thin', 'thick', 'eagerzeroedthick']),
    folder: text('Folder.', 255),
    thinProvisioned: flag('Whether thin.'),
  }).describe('For providers of vSphere.'),
}).describe('Where it is kept. On Proxmox VE `source.proxmox.storage` says that.');

const optimization = optionalObject({
  convertFormat: oneOf('The same as `storage.preferredFormat`.', FORMATS),
  enableCompression: flag('Refused where it is true.'),
  enableDeltaSync: flag('Refused where it is true.'),
  removeUnusedSpace: flag('Refused where it is true.'),
}).describe('What is done to the image. Proxmox VE imports what it is given.');

export const prepare = optionalObject({
  onMissing: oneOf(
    'What happens where no template has been made of it yet: `Import` makes one, `Fail` says so, `Wait` looks again now and then.',
    ['Import', 'Fail', 'Wait'],
  ).default('Import'),
  force: flag('Refused where it is true: a template is never replaced, since VMs may be linked to it.'),
  retries: whole('Of no effect: an import is tried again for as long as a VM wants it, less and less often.', 0, 10),
  timeout: duration('Of no effect: an import that has begun is finished.'),
  validateChecksum: flag('Whether the checksum is looked at.').default(true),
  storage,
  optimization,
}).describe('How a template is made of what is fetched. Of no account where a template is named.');
