import type { Deadline } from '#runtime/deadline';
import type { Pve } from '../connection/pve.ts';
import { settle, type TaskResult } from '../tasks.ts';
import { type VmAt, vmPath } from './vm.ts';

export interface Resize {
  /** `scsi0`. */
  readonly disk: string;
  /** The new size, `20G` or `20480M`: whole MiB, or the VM will not start (pve-behaviour 28.10). */
  readonly size: string;
  readonly digest: string;
}

/**
 * Grows a disk; the size it has already is no change. From 8 on every refusal, a stale digest included, is the end of
 * a task (pve-behaviour 15, 28.2).
 */
export async function resizeDisk(pve: Pve, vm: VmAt, resize: Resize, call: Deadline): Promise<TaskResult> {
  if (resize.digest === '') throw new RangeError(`resize of VM ${vm.vmid}: the digest is empty`);
  return await settle(pve, await pve.put(`${vmPath(vm)}/resize`, call, { ...resize }), call);
}
