import type { NodeName, Vmid } from '#pve/ids';

/** How messages name a VM: `VM web-server (100123 on pve2)`, with what is known of it. */
export function vmSubject(vm: {
  name?: string | undefined;
  vmid?: Vmid | undefined;
  node?: NodeName | undefined;
}): string {
  const place = vm.node === undefined ? '' : ` on ${vm.node}`;
  if (vm.name === undefined) return `VM ${vm.vmid ?? ''}${place}`;
  return vm.vmid === undefined ? `VM ${vm.name}${place}` : `VM ${vm.name} (${vm.vmid}${place})`;
}
