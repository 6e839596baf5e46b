// Our kinds as the URLs of a Kubernetes API name them.
import type { Kind } from './kind.ts';
import { GROUP, VERSION } from './manifests.ts';
import { providerKind } from './provider/kind.ts';
import { virtualMachineKind } from './virtual-machine/kind.ts';
import { vmClassKind } from './vm-class/kind.ts';
import { vmCloneKind } from './vm-clone/kind.ts';
import { vmImageKind } from './vm-image/kind.ts';
import { vmNetworkAttachmentKind } from './vm-network-attachment/kind.ts';
import { vmPlacementPolicyKind } from './vm-placement-policy/kind.ts';
import { vmSnapshotKind } from './vm-snapshot/kind.ts';

export interface KindResource {
  readonly group: string;
  readonly version: string;
  /** `virtualmachines`. */
  readonly plural: string;
  readonly kind: string;
}

export const PROVIDERS = resourceOf(providerKind);
export const VIRTUAL_MACHINES = resourceOf(virtualMachineKind);
export const VM_CLASSES = resourceOf(vmClassKind);
export const VM_IMAGES = resourceOf(vmImageKind);
export const VM_NETWORK_ATTACHMENTS = resourceOf(vmNetworkAttachmentKind);
export const VM_SNAPSHOTS = resourceOf(vmSnapshotKind);
export const VM_CLONES = resourceOf(vmCloneKind);
export const VM_PLACEMENT_POLICIES = resourceOf(vmPlacementPolicyKind);

function resourceOf({ kind, plural }: Kind): KindResource {
  return { group: GROUP, version: VERSION, plural, kind };
}
