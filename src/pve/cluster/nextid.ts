import type { Deadline } from '#runtime/deadline';
import type { Pve } from '../connection/pve.ts';
import { PveError } from '../errors.ts';
import type { Vmid } from '../ids.ts';
import { readText } from '../rules/texts.ts';

/**
 * Whether no guest of any kind has this id, also one we may not see (pve-behaviour 7, 28.8). Free ids are not
 * reserved: only a create or clone claims one.
 */
export async function isVmidFree(pve: Pve, vmid: Vmid, call: Deadline): Promise<boolean> {
  try {
    await pve.get('/cluster/nextid', call, { vmid });
    return true;
  } catch (error) {
    const text = error instanceof PveError ? readText(error.errors['vmid'] ?? '') : undefined;
    if (text?.kind === 'vmid-taken') return false;
    throw error;
  }
}
