import { duration, flag, oneOf, text, whole } from '../fields.ts';
import { optionalObject } from '../strict-object.ts';

const storage = optionalObject({
  storageClass: text('Storage of Proxmox VE for its disks.', 253),
  datastore: text('The same as `storageClass`.', 255),
  diskFormat: oneOf('Not supported: refused. The class says the type of disks.', [
    'thin',
    'thick',
    'eagerzeroedthick',
    'ssd',
    'hdd',
    'nvme',
  ]),
  enableCompression: flag('Refused where it is true: the storage decides.'),
  folder: text('Of vSphere: refused.', 255),
  preferThinProvisioning: flag('Of no effect: the storage decides.'),
}).describe('Where its disks go.');

const performance = optionalObject({
  priority: oneOf('Of no effect on Proxmox VE.', ['Low', 'Normal', 'High']),
  concurrentDisks: whole('Of no effect: Proxmox VE copies one disk after the other.', 1, 10),
  ioThrottling: flag('Refused where it is true: set a limit of bandwidth in Proxmox VE.'),
  maxIOPS: whole('Refused: set a limit of bandwidth in Proxmox VE.', 100, 100_000),
}).describe('How fast it is copied.');

export const options = optionalObject({
  type: oneOf('How it is copied. `InstantClone` is one of vSphere: refused.', [
    'FullClone',
    'LinkedClone',
    'InstantClone',
  ]),
  powerOn: flag('Whether the clone is started.'),
  includeSnapshots: flag('Refused where it is true: Proxmox VE copies none.'),
  parallel: flag('Of no effect.'),
  timeout: duration('Of no effect: what has begun is finished.'),
  retryPolicy: optionalObject({
    maxRetries: whole('How often.', 0, 10),
    retryDelay: duration('After how long.'),
    backoffMultiplier: whole('How much longer each time.', 1),
  }).describe('Of no effect: what fails is tried again for as long as the object is there, less and less often.'),
  storage,
  performance,
}).describe('How it is copied.');
