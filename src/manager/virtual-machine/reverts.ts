// A way back to a snapshot takes back what the VM has been given since.
import { VIRTUAL_MACHINES, VM_SNAPSHOTS } from '#crd/resources';
import type { VmSnapshotSpec } from '#crd/vm-snapshot/spec';
import type { VmSnapshotStatus } from '#crd/vm-snapshot/status';
import type { Cache } from '#kube/cache';
import { type KubeObject, keyOf } from '#kube/object';
import type { Concern } from '../work/controller.ts';

export function snapshotsOf({ metadata: { name, namespace } }: KubeObject, cache: Cache): KubeObject[] {
  return cache.list(VM_SNAPSHOTS, namespace).filter((snapshot) => vmNameOf(snapshot) === name);
}

/** Real ms of the last one; -1 where there was none. */
export function revertedAt({ status }: KubeObject): number {
  return Date.parse(((status ?? {}) as VmSnapshotStatus).revert?.at ?? '') || -1;
}

/** The VM that has been brought back. */
export const reverts: Concern = {
  resource: VM_SNAPSHOTS,
  matters: (next, previous) => next !== undefined && revertedAt(next) !== (previous ? revertedAt(previous) : -1),
  whom: (snapshot, cache) =>
    cache
      .list(VIRTUAL_MACHINES, snapshot.metadata.namespace)
      .filter(({ metadata }) => metadata.name === vmNameOf(snapshot))
      .map(keyOf),
};

function vmNameOf({ spec }: KubeObject): string | undefined {
  return ((spec ?? {}) as Partial<VmSnapshotSpec>).vmRef?.name;
}
