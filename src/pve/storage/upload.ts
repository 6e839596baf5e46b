import type { Deadline } from '#runtime/deadline';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import { requireSuccess, settle } from '../tasks.ts';
import type { StorageAt } from './volumes.ts';

/** What PVE leaves unchanged of a name (pve-behaviour 8.5); the volume id is known beforehand only for such a one. */
const ISO_NAME = /^[a-zA-Z0-9_.-]{1,251}\.iso$/;

/**
 * Uploads an ISO image and gives its volume id, `local:iso/x.iso`. A file of that name is overwritten in place, also
 * under a running guest (pve-behaviour 28.9): never a name in use. Throws `TaskFailed` where PVE could not store it.
 */
export async function uploadIso(
  pve: Pve,
  at: StorageAt,
  fileName: string,
  bytes: Uint8Array,
  call: Deadline,
): Promise<string> {
  if (!ISO_NAME.test(fileName)) {
    throw new RangeError(`upload to ${at.storage}: PVE would store "${fileName}" under another name`);
  }
  const answer = await pve.upload(path`/nodes/${at.node}/storage/${at.storage}/upload`, call, {
    fields: { content: 'iso' },
    fileName,
    bytes,
  });
  requireSuccess(await settle(pve, answer, call));
  return isoVolid(at.storage, fileName);
}

export function isoVolid(storage: string, fileName: string): string {
  return `${storage}:iso/${fileName}`;
}
