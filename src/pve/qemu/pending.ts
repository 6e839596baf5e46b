import type { Deadline } from '#runtime/deadline';
import { asRows, requiredText, textOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import { type VmAt, vmPath } from './vm.ts';

/** An option that changes at the next start. */
export interface PendingChange {
  readonly key: string;
  readonly current: string | undefined;
  /** Undefined where the option goes away. */
  readonly next: string | undefined;
}

/** What is not in force yet: none means that the guest runs what is configured (pve-behaviour 10, 11). */
export async function readPending(pve: Pve, vm: VmAt, call: Deadline): Promise<readonly PendingChange[]> {
  const rows = asRows(await pve.get(`${vmPath(vm)}/pending`, call), 'pending changes');
  return rows
    .filter((row) => row['pending'] !== undefined || row['delete'] !== undefined)
    .map((row) => ({
      key: requiredText(row, 'key', 'pending change'),
      current: textOf(row, 'value'),
      next: textOf(row, 'pending'),
    }));
}
