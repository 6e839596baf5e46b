import type { VmSnapshotStatus } from '#crd/vm-snapshot/status';
import type { Visit } from '../work/controller.ts';

/** The status as this visit leaves it: to be changed in place. */
export function statusOf({ status }: Visit): VmSnapshotStatus {
  return status.fields;
}

/** Whether the provider has told an id of it. */
export function isTaken(visit: Visit): boolean {
  return (statusOf(visit).snapshotID ?? '') !== '';
}

/** `Snapshot before-upgrade`. */
export function titleOf({ object }: Visit): string {
  return `Snapshot ${object.metadata.name}`;
}
