import type { Deadline } from '#runtime/deadline';
import { requiredUpid } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName, Upid, Vmid } from '../ids.ts';

export interface CreateOptions {
  readonly vmid: Vmid;
  readonly name: string;
  readonly description: string;
  readonly pool?: string;
  /** Where a disk inside an appliance is unpacked (8.4): a file storage that takes images. */
  readonly 'import-working-storage'?: string;
  /** Every other option, by PVE's names. */
  readonly config: Readonly<Record<string, string>>;
}

/**
 * Starts the making of a VM and gives its task (pve-behaviour 9). Whether the id was free this answer tells; until the
 * task has ended the configuration shows nothing but its lock (26).
 */
export async function createVm(pve: Pve, node: NodeName, options: CreateOptions, call: Deadline): Promise<Upid> {
  const { config, ...rest } = options;
  return requiredUpid(
    await pve.post(path`/nodes/${node}/qemu`, call, { ...config, ...rest }),
    'the answer to a create',
  );
}
