import { invalidSpec } from '#domain/fault';
import type { DiskSpec } from '#domain/vm-spec';
import { type JsonObject, readObject } from './json-object.ts';
import { diskType, listOf, quantityGib, text, wholeNumber } from './values.ts';

// disks_json: the disks of a VM in order; the one named `root` is the boot disk.

/** The manifests' own limit. */
const MAX_DISK_GIB = 65_536;

const readDisks = listOf(readObject(readDisk));

/** undefined where nobody said anything; throws `invalid-spec` naming the key. */
export function decodeDisks(value: unknown, path: string): readonly DiskSpec[] | undefined {
  if (value === undefined || value === null) return undefined;
  const disks = readDisks(value, path);
  const names = disks.map((disk) => disk.name.toLowerCase());
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice !== -1) {
    throw invalidSpec(
      `${path}[${twice}].Name`,
      `another disk is named "${disks[twice]?.name}" too`,
      'Give each its own name',
    );
  }
  return disks;
}

function readDisk(object: JsonObject): DiskSpec {
  // How other hypervisors attach and grow a disk; the manifests' defaults always fill these in.
  object.ignore('ExpandPolicy', 'Scsi');
  const name = object.get('Name', text);
  if (name === undefined) {
    throw invalidSpec(`${object.path}.Name`, 'the disk has no name', 'Name it; the boot disk is the one named "root"');
  }
  const sizeGib = object.get('SizeGiB', wholeNumber(1, MAX_DISK_GIB), { size: quantityGib(1, MAX_DISK_GIB) });
  if (sizeGib === undefined) throw invalidSpec(`${object.path}.SizeGiB`, 'the disk has no size', 'Set it to 1 or more');
  return {
    name,
    sizeGib,
    type: object.get('Type', diskType),
    storage: object.get('Storage', text, { storageClass: text, StorageClass: text }),
  };
}

/** `disks_json` in Go's shape with our extra key. */
export function encodeDisks(disks: readonly DiskSpec[]): Record<string, unknown>[] {
  return disks.map((disk) => ({
    SizeGiB: disk.sizeGib,
    Type: disk.type ?? '',
    Name: disk.name,
    Storage: disk.storage,
  }));
}
