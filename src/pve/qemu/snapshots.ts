import type { Deadline } from '#runtime/deadline';
import { asRow, asRows, flagOf, numberOf, requiredText, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import { type VmAt, vmPath } from './vm.ts';

export interface Snapshot {
  readonly name: string;
  readonly description: string;
  /** Seconds since the epoch. */
  readonly takenSeconds: number | undefined;
  /** Whether it holds the guest's memory. */
  readonly memory: boolean;
  readonly parent: string | undefined;
  /** `prepare` or `delete` where that was interrupted. */
  readonly state: string | undefined;
}

/** The snapshots of a VM, in no particular order, without PVE's entry for the present (pve-behaviour 14.1). */
export async function listSnapshots(pve: Pve, vm: VmAt, call: Deadline): Promise<readonly Snapshot[]> {
  const rows = asRows(await pve.get(`${vmPath(vm)}/snapshot`, call), 'snapshot list');
  return rows
    .filter((row) => row['name'] !== 'current')
    .map((row) => ({
      name: requiredText(row, 'name', 'snapshot'),
      description: textOf(row, 'description') ?? '',
      takenSeconds: numberOf(row, 'snaptime'),
      memory: flagOf(row, 'vmstate'),
      parent: textOf(row, 'parent'),
      state: textOf(row, 'snapstate'),
    }));
}

/** The options that a snapshot has kept, as text (pve-behaviour 14.3). */
export async function readSnapshotConfig(
  pve: Pve,
  vm: VmAt,
  name: string,
  call: Deadline,
): Promise<Readonly<Record<string, string>>> {
  const row = asRow(await pve.get(`${vmPath(vm)}/snapshot${path`/${name}`}/config`, call), 'snapshot');
  return Object.fromEntries(
    Object.keys(row).flatMap((key) => {
      const text = textOf(row, key);
      return text === undefined ? [] : [[key, text] as const];
    }),
  );
}
