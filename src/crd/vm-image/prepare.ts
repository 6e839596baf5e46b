import { duration, flag, oneOf, text, whole } from '../fields.ts';
import { optionalObject } from '../strict-object.ts';
import { FORMATS } from './sources.ts';

const storage = optionalObject({
  preferredFormat: oneOf('Format it is kept in.', FORMATS),
  compression: flag('Whether it is kept compressed.'),
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
  convertFormat: oneOf('Format it is converted to.', FORMATS),
  enableCompression: flag('Whether it is compressed.'),
  enableDeltaSync: flag('Whether only differences are fetched.'),
  removeUnusedSpace: flag('Whether unused space is given back.'),
}).describe('Of no effect on Proxmox VE, which imports what it is given.');

export const prepare = optionalObject({
  onMissing: oneOf('What happens where no template has been made of it yet.', ['Import', 'Fail', 'Wait']).default(
    'Import',
  ),
  force: flag('Whether it is made anew where it is there.'),
  retries: whole('How often a failed import is tried again.', 0, 10).default(3),
  timeout: duration('How long an import may take.').default('30m'),
  validateChecksum: flag('Whether the checksum is looked at.').default(true),
  storage,
  optimization,
}).describe('How a template is made of what is fetched. Of no account where a template is named.');
