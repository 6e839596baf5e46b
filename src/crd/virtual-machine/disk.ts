// Disks in a manifest: upstream's fields, and beside them the documented `size`.
import type { z } from 'zod';
import { MAX_DISK_GIB } from '../normalise-quantity.ts';
import { localReference, oneOf, quantity, text, whole, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const scsi = optionalObject({
  controller: whole('Of no effect: a disk keeps its place.', 0, 3),
  controllerType: oneOf('Of no effect: the template decides the controller.', [
    'lsilogic',
    'buslogic',
    'lsilogic-sas',
    'pvscsi',
  ]),
  sharedBus: oneOf('Whether other VMs share the bus; anything but `noSharing` is refused.', [
    'noSharing',
    'virtualSharing',
    'physicalSharing',
  ]),
}).describe('Of vSphere.');

export const disk = strictObject({
  name: word('`root` is the disk the VM boots from; by any other name the disk is known ever after.', 63),
  ...optional({
    size: quantity('Size, such as `40Gi`. A disk only grows.'),
    sizeGiB: whole('Size in GiB. Another way to say `size`.', 1, MAX_DISK_GIB),
    type: oneOf('How it is allocated (`thin`, `thick`), or what it shows itself as (`ssd`, `hdd`).', [
      'thin',
      'thick',
      'eagerzeroedthick',
      'ssd',
      'hdd',
    ]),
    storageClass: text('Storage of Proxmox VE.', 253),
    expandPolicy: oneOf('Of no effect on Proxmox VE, where disks grow online.', ['Online', 'Offline']),
    scsi,
  }),
}).describe('A disk.');

export const importedDisk = strictObject({
  diskID: word('Its id at the provider.', 253),
  ...optional({
    path: text('Volume of Proxmox VE, such as `local:import/disk.qcow2`.'),
    format: oneOf('Its format.', ['qcow2', 'vmdk', 'raw', 'vdi', 'vhdx']),
    sizeGiB: whole('Its size in GiB.', 1),
    source: oneOf('How it came here.', ['migration', 'clone', 'import', 'snapshot', 'manual']),
    migrationRef: localReference('The VMMigration that brought it.'),
  }),
}).describe('A disk that is there already and becomes the boot disk, in place of an image.');

export type DiskManifest = z.output<typeof disk>;
