// VMClones: each becomes a VirtualMachine of its own, once. Deleting a VMClone leaves that one.
import { VIRTUAL_MACHINES, VM_CLASSES, VM_CLONES, VM_PLACEMENT_POLICIES, VM_SNAPSHOTS } from '#crd/resources';
import type { VmCloneStatus } from '#crd/vm-clone/status';
import type { Cache } from '#kube/cache';
import { type KubeObject, keyOf, type ObjectKey } from '#kube/object';
import { type Resource, SECRETS } from '#kube/resource';
import type { Concern, Controller, Phase } from '../work/controller.ts';
import { DONE } from '../work/outcome.ts';
import { tellDeleting } from '../work/tell-deleting.ts';
import { makeCopy } from './copy.ts';
import { deleteClone } from './delete.ts';
import { findReferences } from './references.ts';
import { findSource } from './source.ts';
import { isDone } from './status.ts';
import { createTarget, tellReady } from './target.ts';
import { awaitTask, lookAtCopy } from './task.ts';
import { readWish } from './wish.ts';

/** Nothing of a source, a class or a Secret counts once there is the VirtualMachine. */
const untilDone =
  (phase: Phase): Phase =>
  async (visit) =>
    isDone(visit) ? DONE : await phase(visit);

export const vmCloneController: Controller = {
  resource: VM_CLONES,
  finalizer: 'clone.infra.virtrigaud.io/finalizer',
  concerns: [
    { ...waiting(VIRTUAL_MACHINES), matters: isChanged(['id']) },
    { ...waiting(VM_SNAPSHOTS), matters: isChanged(['snapshotID', 'phase']) },
    waiting(VM_CLASSES),
    waiting(VM_PLACEMENT_POLICIES),
    waiting(SECRETS),
  ],
  phases: [
    ...[readWish, awaitTask, findSource, findReferences, makeCopy, lookAtCopy, createTarget].map(untilDone),
    tellReady,
  ],
  deletion: [tellDeleting(), deleteClone],
  takesLong: (clone) => !isComplete(clone),
};

function isComplete({ status }: KubeObject): boolean {
  return ((status ?? {}) as VmCloneStatus).completionTime !== undefined;
}

/** All of its namespace that are not done: they are few, and one visit too many does no harm. */
function waiting(resource: Resource): Concern {
  return { resource, whom: (changed, cache) => unfinished(changed, cache) };
}

function unfinished({ metadata }: KubeObject, cache: Cache): ObjectKey[] {
  const clones = cache.list(VM_CLONES, metadata.namespace).filter((clone) => !isComplete(clone));
  return clones.map(keyOf);
}

type Fields = Readonly<Record<string, unknown>>;

function isChanged(fields: readonly string[]): NonNullable<Concern['matters']> {
  const look = (object: KubeObject | undefined): string => {
    const status = (object?.['status'] ?? {}) as Fields;
    return JSON.stringify([object !== undefined, ...fields.map((field) => status[field])]);
  };
  return (next, previous) => look(next) !== look(previous);
}
