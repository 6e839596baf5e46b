// What was read, as messages of the wire.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { VMInfoSchema } from '#rpc/contract';
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
