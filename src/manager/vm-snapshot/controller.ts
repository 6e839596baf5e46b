// VMSnapshots: each is a snapshot of its VM, as long as the object is there.
import { VIRTUAL_MACHINES, VM_SNAPSHOTS } from '#crd/resources';
import type { VmSnapshotStatus } from '#crd/vm-snapshot/status';
import { type KubeObject, keyOf, keyText } from '#kube/object';
import { boundTo } from '../virtual-machine/concerns.ts';
import type { Concern, Controller } from '../work/controller.ts';
import { tellDeleting } from '../work/tell-deleting.ts';
import { deleteSnapshot } from './delete.ts';
import { expire, followVm } from './expire.ts';
import { lookAtSnapshot, tellOfMemory, tellReady } from './look.ts';
import { revertVm } from './revert.ts';
import { describeAnew, takeSnapshot } from './take.ts';
import { awaitTask } from './task.ts';
import { findVm, vmNamed } from './vm.ts';
import { readWish } from './wish.ts';

/** Those of a VM that is there now, is another one, or is gone. */
const ofItsVm: Concern = {
  resource: VIRTUAL_MACHINES,
  matters: (next, previous) => idOf(next) !== idOf(previous) || (next === undefined) !== (previous === undefined),
  whom: ({ metadata: { name, namespace } }, cache) =>
    cache
      .list(VM_SNAPSHOTS, namespace)
      .filter((object) => vmNamed({ object }).name === name)
      .map(keyOf),
};

export const vmSnapshotController: Controller = {
  resource: VM_SNAPSHOTS,
  finalizer: 'snapshot.infra.virtrigaud.io/finalizer',
  concerns: [ofItsVm],
  phases: [
    readWish,
    followVm,
    findVm,
    awaitTask,
    takeSnapshot,
    lookAtSnapshot,
    describeAnew,
    revertVm,
    tellOfMemory,
    expire,
    tellReady,
  ],
  deletion: [tellDeleting('Deleting'), deleteSnapshot],
  groupOf: (object, cache) => {
    const vm = cache.get(VIRTUAL_MACHINES, vmNamed({ object }));
    return vm === undefined ? '' : keyText({ name: '', ...boundTo(vm) });
  },
  takesLong: ({ status }) => ((status ?? {}) as VmSnapshotStatus).snapshotID === undefined,
};

function idOf(vm: KubeObject | undefined): string | undefined {
  return ((vm?.['status'] ?? {}) as { id?: string }).id;
}
