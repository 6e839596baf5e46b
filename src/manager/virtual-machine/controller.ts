// VirtualMachines: what their manifests say becomes true in Proxmox VE, and stays so.
import { VIRTUAL_MACHINES } from '#crd/resources';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import { type KubeObject, keyText } from '#kube/object';
import type { Controller } from '../work/controller.ts';
import { tellDeleting } from '../work/tell-deleting.ts';
import { boundTo, concerns } from './concerns.ts';
import { createVm } from './create.ts';
import { deleteVm } from './delete.ts';
import { findDependencies } from './dependencies.ts';
import { describeVm } from './describe.ts';
import { awaitImage } from './image.ts';
import { judgePolicy } from './policy.ts';
import { startVm, stopVm } from './power.ts';
import { awaitProvider } from './provider.ts';
import { leaveProvider } from './provider-change.ts';
import { tellReady } from './ready.ts';
import { reconfigureVm } from './reconfigure.ts';
import { restartVm } from './restart.ts';
import { RESTART } from './restart-request.ts';
import { awaitTask } from './task.ts';
import { takeOver } from './take-over.ts';
import { tellUnapplied } from './unapplied.ts';
import { readWish } from './wish.ts';

export const virtualMachineController: Controller = {
  resource: VIRTUAL_MACHINES,
  finalizer: 'virtualmachine.infra.virtrigaud.io/finalizer',
  concerns,
  phases: [
    readWish,
    leaveProvider,
    takeOver,
    findDependencies,
    judgePolicy,
    awaitProvider,
    awaitImage,
    awaitTask,
    createVm,
    describeVm,
    stopVm,
    reconfigureVm,
    startVm,
    restartVm,
    tellUnapplied,
    tellReady,
  ],
  deletion: [tellDeleting('Deleting'), deleteVm],
  takesLong,
  groupOf: (vm) => keyText({ name: '', ...boundTo(vm) }),
};

/** Copies, changes, and guests that shut down in their own time. */
function takesLong({ metadata, spec, status }: KubeObject): boolean {
  const { powerState } = (spec ?? {}) as { powerState?: unknown };
  const { id = '', phase, powerState: state, restart } = (status ?? {}) as VirtualMachineStatus;
  const asked = metadata.annotations?.[RESTART];
  const isToRestart = asked !== undefined && asked !== restart?.handled;
  const shutsDown = state === 'On' && (powerState === 'OffGraceful' || isToRestart);
  return id === '' || phase === 'Reconfiguring' || shutsDown;
}
