import type { Deadline } from '#runtime/deadline';
import { requiredUpid } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName, Upid, Vmid } from '../ids.ts';
import { type VmAt, vmPath } from './vm.ts';

export interface CloneOptions {
  readonly newid: Vmid;
  readonly name: string;
  /** Never empty: PVE then copies the source's (pve-behaviour 28.1). */
  readonly description: string;
  readonly full: boolean;
  /** The snapshot that is copied instead of the present. */
  readonly snapname?: string;
  /** Only for a full clone. */
  readonly storage?: string;
  /** `raw`, `qcow2` or `vmdk`; only for a full clone. */
  readonly format?: string;
  /** Another node than the source's; only with everything on shared storage. */
  readonly target?: NodeName;
  readonly pool?: string;
}

/**
 * Starts a clone and gives its task (pve-behaviour 13). The task, not this answer, tells whether `newid` was still
 * free (26), and nothing but the task's end makes the copy ours to write to.
 */
export async function cloneVm(pve: Pve, source: VmAt, options: CloneOptions, call: Deadline): Promise<Upid> {
  if (options.description.trim() === '') {
    throw new RangeError(`clone of ${source.vmid} to ${options.newid}: the description is empty`);
  }
  return requiredUpid(await pve.post(`${vmPath(source)}/clone`, call, { ...options }), 'the answer to a clone');
}
