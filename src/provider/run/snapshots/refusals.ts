// What of a VM keeps its snapshots from being changed.
import { Fault } from '#domain/fault';
import type { KnownSnapshot, SnapshottedVm } from '../../observe/snapshotted-vm.ts';
import { refuseBusy } from '../../observe/claimed-vm.ts';

/**
 * Throws `busy` for a VM that somebody works on, and `precondition` for a hibernated one: its memory is on disk, and PVE
 * lets nothing but a start at it.
 */
export function refuseLocked(vm: SnapshottedVm, wanted: string): void {
  refuseBusy(vm, wanted);
  if (vm.config.lock === undefined) return;
  throw new Fault('precondition', {
    subject: vm.subject,
    wanted,
    why: `it is hibernated (lock ${vm.config.lock})`,
    remedy: 'Power it on (On) first',
  });
}

/** `one, two and three`, in the order they were taken. */
export function namesOf(snapshots: readonly KnownSnapshot[]): string {
  const sorted = snapshots.toSorted((a, b) => (a.takenSeconds ?? 0) - (b.takenSeconds ?? 0));
  return sorted.map(({ name }) => name).join(', ');
}
