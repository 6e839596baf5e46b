import type { Deadline } from '#runtime/deadline';
import { asRows, flagOf, requiredText } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import { type VmAt, vmPath } from './vm.ts';

/**
 * The options that PVE's cloud-init drive does not have yet: it is written at the next start (since 7.3; pve-behaviour 10,
 * 18.4). Of addresses PVE lists only those that were added or removed.
 */
export async function listCloudInitPending(pve: Pve, vm: VmAt, call: Deadline): Promise<readonly string[]> {
  const rows = asRows(await pve.get(`${vmPath(vm)}/cloudinit`, call), 'cloud-init options');
  return rows
    .filter((row) => row['pending'] !== undefined || flagOf(row, 'delete'))
    .map((row) => requiredText(row, 'key', 'cloud-init option'))
    .sort();
}
