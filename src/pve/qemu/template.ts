import type { Deadline } from '#runtime/deadline';
import type { Pve } from '../connection/pve.ts';
import { settle, type TaskResult } from '../tasks.ts';
import { type VmAt, vmPath } from './vm.ts';

/**
 * Makes a VM a template: a flag first, then a base image of each disk whose storage has such; the others stay as they are, and
 * PVE says nothing of it (pve-behaviour 13.6). With `disk` that one alone, which a template takes too.
 */
export async function convertToTemplate(pve: Pve, vm: VmAt, call: Deadline, disk?: string): Promise<TaskResult> {
  return await settle(pve, await pve.post(`${vmPath(vm)}/template`, call, { disk }), call);
}
