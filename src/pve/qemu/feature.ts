import type { Deadline } from '#runtime/deadline';
import { asRow, flagOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import { type VmAt, vmPath } from './vm.ts';

/** Whether all disks of a VM, EFI and TPM included, can be snapshotted as they are now (pve-behaviour 8.4, 10). */
export async function canSnapshot(pve: Pve, vm: VmAt, call: Deadline): Promise<boolean> {
  const answer = asRow(await pve.get(`${vmPath(vm)}/feature`, call, { feature: 'snapshot' }), 'feature answer');
  return flagOf(answer, 'hasFeature');
}
