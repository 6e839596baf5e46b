// Every controller there is.
import type { Clock } from '#runtime/clock';
import { providerController } from './provider/controller.ts';
import type { ProviderRunner } from './provider/runner.ts';
import { virtualMachineController } from './virtual-machine/controller.ts';
import { vmClassController } from './vm-class/controller.ts';
import { vmNetworkAttachmentController } from './vm-network-attachment/controller.ts';
import { vmPlacementPolicyController } from './vm-placement-policy/controller.ts';
import { vmCloneController } from './vm-clone/controller.ts';
import { vmSnapshotController } from './vm-snapshot/controller.ts';
import { vmImageController } from './vm-image/controller.ts';
import type { Controller } from './work/controller.ts';

export interface ControllerOptions {
  readonly runner: ProviderRunner;
  readonly clock: Clock;
}

export function controllers({ runner, clock }: ControllerOptions): readonly Controller[] {
  return [
    providerController({ runner, clock }),
    vmImageController,
    virtualMachineController,
    vmSnapshotController,
    vmCloneController,
    vmClassController,
    vmNetworkAttachmentController,
    vmPlacementPolicyController,
  ];
}
