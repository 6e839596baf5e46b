import type { Deadline } from '#runtime/deadline';
import { requiredUpid } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import type { Upid } from '../ids.ts';
import { type VmAt, vmPath } from './vm.ts';

export interface DestroyOptions {
  /** Also removes it from backup jobs, replication and HA. */
  readonly purge?: boolean;
}

/**
 * Starts the destruction of whatever VM has this id now and gives its task (pve-behaviour 16, 28.6). Without quorum
 * its disks are lost although the task fails (26): ask first. Volumes that no configuration names are never touched,
 * since they may be somebody else's (27.14).
 */
export async function destroyVm(pve: Pve, vm: VmAt, call: Deadline, options: DestroyOptions = {}): Promise<Upid> {
  return requiredUpid(await pve.delete(vmPath(vm), call, { purge: options.purge }), 'the answer to a delete');
}
