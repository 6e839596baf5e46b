// The upload's checks on the name, and the task that puts the file in place (pve-behaviour 8.5, 28.9).
import { createHash } from 'node:crypto';
import { failure, parameterError } from '../pve-error.ts';
import type { UploadedFile } from '../server/multipart.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import { volumeKey } from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';
import { copy, type DiskWorker } from './disk-work.ts';

export interface Upload {
  /** The node that got the bytes; the task runs there. */
  readonly receivedBy: string;
  /** The node they are for. */
  readonly node: string;
  readonly storage: StorageState;
  readonly content: string;
  readonly user: string;
  readonly file: UploadedFile;
  readonly checksum: { readonly value: string; readonly algorithm: string } | undefined;
}

const FOLDERS: Readonly<Record<string, string>> = { iso: 'template/iso', vztmpl: 'template/cache', import: 'import' };

/** @returns the UPID */
export function forkUpload(sim: Sim, upload: Upload): string {
  const name = storedName(upload.file.name, upload.content);
  const start = { node: upload.receivedBy, type: 'imgcopy', id: '', user: upload.user };
  return sim.tasks.fork(start, async (worker) => {
    const { storage, file, node } = upload;
    const target = `${storage.path ?? ''}/${FOLDERS[upload.content] ?? ''}/${name}`;
    worker.log(`starting file import from: /var/tmp/pveupload-${sim.random.hex(32)}`);
    verifyChecksum(upload, worker);
    worker.log(`target node: ${node}`);
    worker.log(`target file: ${target}`);
    worker.log(`file size is: ${file.data.length}`);
    await copy(sim, worker, node, storage, file.data.length);
    place(sim, upload, name);
    worker.log('finished file import successfully');
  });
}

/** The directory part goes, odd characters become `_`, and the extension has to fit. @throws 400 */
function storedName(given: string, content: string): string {
  const name = (given.split(/[/\\]/).at(-1) ?? '').replaceAll(/[^a-zA-Z0-9_.-]/g, '_');
  if (name.length > 255) throw parameterError({ filename: 'value may only be 255 characters long' });
  if (content === 'iso' && !/^.+\.(?:iso|img)$/i.test(name)) throw parameterError({ filename: 'wrong file extension' });
  if (content === 'vztmpl' && !/^.+\.tar\.(?:gz|xz|zst)$/i.test(name))
    throw parameterError({ filename: 'wrong file extension' });
  if (content === 'import' && !/^[a-zA-Z0-9\-.+=_]+\.(?:ova|qcow2|raw|vmdk)$/.test(name)) {
    throw parameterError({ filename: 'invalid filename or wrong extension' });
  }
  return name;
}

function verifyChecksum(upload: Upload, worker: DiskWorker): void {
  if (upload.checksum === undefined) return;
  const got = createHash(upload.checksum.algorithm).update(upload.file.data).digest('hex');
  const expected = upload.checksum.value.toLowerCase();
  if (got !== expected) throw failure(`checksum mismatch: got '${got}' != expect '${upload.checksum.value}'`);
  worker.log('calculating checksum...OK, checksum verified');
}

/** The same name again is overwritten in place. */
function place(sim: Sim, upload: Upload, name: string): void {
  const { storage, node, content, file } = upload;
  const volid = `${storage.id}:${content}/${name}`;
  const volume: Volume = {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    content: content as Volume['content'],
    format: content === 'iso' ? 'iso' : (name.split('.').at(-1) ?? 'raw'),
    ctime: nowSeconds(sim),
    sizeBytes: file.data.length,
    data: file.data,
  };
  sim.world.volumes[volumeKey(storage, node, volid)] = volume;
}
