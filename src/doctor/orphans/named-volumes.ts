// Which volumes a VM names: in force, pending, in a snapshot, or as `unusedN`.
import { readPending } from '#pve/qemu/pending';
import { listSnapshots, readSnapshotConfig } from '#pve/qemu/snapshots';
import type { VmAt } from '#pve/qemu/vm';
import type { Patient } from '../patient.ts';

/** Whatever in these options may be a volume's id. Taking something else for one does no harm. */
export function volumesNamed(values: Readonly<Record<string, string>>): string[] {
  return Object.values(values).flatMap((value) =>
    value
      .split(',')
      .map((part) => part.replace(/^[a-z_-]+=/, ''))
      .filter((part) => part.includes(':')),
  );
}

/** What pending changes and snapshots of a VM name beside what is in force. Two requests, and one for each snapshot. */
export async function volumesNamedElsewhere({ pve, call }: Patient, vm: VmAt): Promise<string[]> {
  const [pending, snapshots] = await Promise.all([readPending(pve, vm, call), listSnapshots(pve, vm, call)]);
  const next = pending.flatMap(({ key, next: value }) => (value === undefined ? [] : [[key, value] as const]));
  const kept = await Promise.all(snapshots.map(async ({ name }) => await readSnapshotConfig(pve, vm, name, call)));
  return [Object.fromEntries(next), ...kept].flatMap(volumesNamed);
}
