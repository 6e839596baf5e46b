import { path } from '../connection/path.ts';
import type { NodeName, Vmid } from '../ids.ts';

/** A VM where it was last seen. Its node is an observation: it may have moved since. */
export interface VmAt {
  readonly node: NodeName;
  readonly vmid: Vmid;
}

/** `/nodes/{node}/qemu/{vmid}`. */
export function vmPath(vm: VmAt): string {
  return path`/nodes/${vm.node}/qemu/${vm.vmid}`;
}
