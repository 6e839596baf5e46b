// What was read, as messages of the wire.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetDiskInfoResponseSchema, ImportDiskResponseSchema, VMInfoSchema } from '#rpc/contract';
import { formatImportTask } from '#rpc/task-id';
import type { DiskInfo } from './read/disk-info.ts';
import type { ImportedDisk } from './run/imports/import-disk.ts';
import type { VmEntry } from './read/vm-entry.ts';

export function encodeVmEntry(vm: VmEntry): MessageInitShape<typeof VMInfoSchema> {
  return {
    id: String(vm.vmid),
    name: vm.name,
    powerState: vm.powerState,
    ips: [...vm.ips],
    cpu: vm.cpus,
    memoryMib: BigInt(vm.memoryMib),
    disks: vm.disks.map((disk) => ({ ...disk })),
    networks: vm.nics.map(({ name, mac }) => ({ name, mac, ipAddress: vm.addresses.get(name) ?? '' })),
    providerRaw: { ...vm.raw },
  };
}

export function encodeDiskInfo(disk: DiskInfo): MessageInitShape<typeof GetDiskInfoResponseSchema> {
  return {
    diskId: disk.slot,
    format: disk.format,
    virtualSizeBytes: BigInt(disk.virtualBytes),
    actualSizeBytes: BigInt(disk.actualBytes),
    path: disk.volid,
    isBootable: disk.isBootable,
    snapshots: [...disk.snapshots],
    backingFile: disk.backing,
    metadata: { ...disk.metadata },
  };
}

export function encodeImport(disk: ImportedDisk): MessageInitShape<typeof ImportDiskResponseSchema> {
  const { volid, storage, sizeBytes, checksum, running } = disk;
  const task = running === undefined ? {} : { task: { id: formatImportTask({ storage, upid: running }) } };
  return { diskId: volid, path: volid, actualSizeBytes: BigInt(sizeBytes ?? 0), checksum, ...task };
}
