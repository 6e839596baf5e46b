// What was read, as messages of the wire.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetDiskInfoResponseSchema, VMInfoSchema } from '#rpc/contract';
import type { DiskInfo } from './read/disk-info.ts';
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
