// The upload's checks on the name, and the task that puts the file in place (pve-behaviour 8.5, 28.9).
import { createHash } from 'node:crypto';
import type { Process } from '../process.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { UploadedFile } from '../server/multipart.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import { removeVolume, volumeKey } from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';
import { copy } from './disk-work.ts';
import { pathOf } from './volume-path.ts';

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

/** @returns the UPID */
export function forkUpload(sim: Sim, upload: Upload): string {
  const name = storedName(upload.file.name, upload.content);
  const start = { node: upload.receivedBy, type: 'imgcopy', id: '', user: upload.user };
  return sim.tasks.fork(start, async (worker) => {
    const { storage, file, node } = upload;
    const target = pathOf(storage, { volid: `${storage.id}:${upload.content}/${name}` });
    worker.log(`starting file import from: /var/tmp/pveupload-${sim.random.hex(32)}`);
    verifyChecksum(upload, worker);
    worker.log(`target node: ${node}`);
    worker.log(`target file: ${target}`);
    worker.log(`file size is: ${file.data.length}`);
    await writeInPlace(sim, worker, upload, name);
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

function verifyChecksum(upload: Upload, worker: Process): void {
  if (upload.checksum === undefined) return;
  const got = createHash(upload.checksum.algorithm).update(upload.file.data).digest('hex');
  const expected = upload.checksum.value.toLowerCase();
  if (got !== expected) throw failure(`checksum mismatch: got '${got}' != expect '${upload.checksum.value}'`);
  worker.log('calculating checksum...OK, checksum verified');
}

/**
 * The file is there under its name from the first byte on, in place of one that had it before (pve-behaviour 28.9).
 * A stop removes it; a kill leaves what has been written.
 */
async function writeInPlace(sim: Sim, worker: Process, upload: Upload, name: string): Promise<void> {
  const { storage, node, content, file } = upload;
  const volid = `${storage.id}:${content}/${name}`;
  const volume: Volume = {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    content: content as Volume['content'],
    format: content === 'iso' ? 'iso' : (name.split('.').at(-1) ?? 'raw'),
    ctime: nowSeconds(sim),
    sizeBytes: 0,
    data: file.data.subarray(0, 0),
  };
  const onWritten = (bytes: number): void => {
    volume.sizeBytes = bytes;
    volume.data = file.data.subarray(0, bytes);
  };
  sim.world.volumes[volumeKey(storage, node, volid)] = volume;
  try {
    await copy(sim, worker, node, storage, file.data.length, { onWritten });
  } catch (error) {
    removeVolume(sim.world, volume);
    throw error;
  }
}
