import type { Deadline } from '#runtime/deadline';
import { requiredUpid } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { Upid } from '../ids.ts';
import type { StorageAt } from './volumes.ts';

export interface Checksum {
  readonly algorithm: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** Hex digits. */
  readonly value: string;
}

export interface Download {
  /** http or https. It is in the task's log, which others may read. */
  readonly url: string;
  /** Its extension has to be what the file is: `qcow2`, `raw` or `vmdk`. */
  readonly fileName: string;
  readonly checksum: Checksum | undefined;
}

/** What PVE leaves unchanged of a name (pve-behaviour 8.5). */
const IMPORT_NAME = /^[a-zA-Z0-9][a-zA-Z0-9.+=_-]{0,220}\.(qcow2|raw|vmdk)$/;

/**
 * Lets a node fetch a disk image as import content, and gives the task. The file is there only when it is whole, has its
 * checksum and is what its name says; one that is there is never replaced (pve-behaviour 8.6).
 */
export async function downloadImage(pve: Pve, at: StorageAt, wish: Download, call: Deadline): Promise<Upid> {
  const { url, fileName, checksum } = wish;
  if (!IMPORT_NAME.test(fileName)) {
    throw new RangeError(`download to ${at.storage}: PVE would store "${fileName}" under another name`);
  }
  const answer = await pve.post(path`/nodes/${at.node}/storage/${at.storage}/download-url`, call, {
    content: 'import',
    filename: fileName,
    url,
    ...(checksum === undefined ? {} : { checksum: checksum.value, 'checksum-algorithm': checksum.algorithm }),
  });
  return requiredUpid(answer, 'the answer to a download');
}

export function importVolid(storage: string, fileName: string): string {
  return `${storage}:import/${fileName}`;
}
