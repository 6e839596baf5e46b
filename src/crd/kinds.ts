import type { Kind } from './kind.ts';
import { providerKind } from './provider/kind.ts';
import { virtualMachineKind } from './virtual-machine/kind.ts';
import { vmClassKind } from './vm-class/kind.ts';
import { vmCloneKind } from './vm-clone/kind.ts';
import { vmImageKind } from './vm-image/kind.ts';
import { vmNetworkAttachmentKind } from './vm-network-attachment/kind.ts';
import { vmPlacementPolicyKind } from './vm-placement-policy/kind.ts';
import { vmSnapshotKind } from './vm-snapshot/kind.ts';

/** Every kind there is, in the order in which people meet them. */
export const kinds: readonly Kind[] = [
  providerKind,
  virtualMachineKind,
  vmClassKind,
  vmImageKind,
  vmNetworkAttachmentKind,
  vmSnapshotKind,
  vmCloneKind,
  vmPlacementPolicyKind,
];
