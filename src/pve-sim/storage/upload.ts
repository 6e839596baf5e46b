// The task that puts an uploaded file in place (pve-behaviour 8.5, 28.9; recording one-node/101).
import { addressOf, canSsh, sshOptions } from '../nodes/ssh.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { UploadedFile } from '../server/multipart.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import { removeVolume, volumeKey } from '../world/volumes.ts';
import type { StorageState, Volume, World } from '../world/world.ts';
import { type Checksum, verifyChecksum } from './checksum.ts';
import { copy } from './disk-work.ts';
import { type FileContent, formatOfFile, storedName } from './file-name.ts';
import { imageProblem } from './image-probe.ts';
import { freeBytes } from './room.ts';
import { pathOf } from './volume-path.ts';

export interface Upload {
  /** The node that got the bytes; the task runs there. */
  readonly receivedBy: string;
  /** The node they are for. */
  readonly node: string;
  readonly storage: StorageState;
  readonly content: FileContent;
  readonly user: string;
  readonly file: UploadedFile;
  readonly checksum: Checksum | undefined;
}

/** @returns the UPID */
export function forkUpload(sim: Sim, upload: Upload): string {
  const name = storedName(upload.file.name, upload.content);
  const start = { node: upload.receivedBy, type: 'imgcopy', id: '', user: upload.user };
  return sim.tasks.fork(start, async (worker) => {
    const { storage, file, node } = upload;
    const spool = `/var/tmp/pveupload-${sim.random.hex(32)}`;
    const target = pathOf(storage, { volid: `${storage.id}:${upload.content}/${name}` });
    worker.log(`starting file import from: ${spool}`);
    verifyChecksum(worker, file.data, upload.checksum);
    checkImage(upload, name, spool, worker);
    worker.log(`target node: ${node}`);
    worker.log(`target file: ${target}`);
    worker.log(`file size is: ${file.data.length}`);
    worker.log(`command: ${copyCommand(sim.world, upload, spool, target)}`);
    if (!(await canSsh(sim, upload.receivedBy, node))) throw failure('import failed: exit code 255');
    await writeInPlace(sim, worker, upload, name, target);
    worker.log('finished file import successfully');
  });
}

function checkImage({ content, file }: Upload, name: string, spool: string, worker: Process): void {
  if (content !== 'import') return;
  const format = formatOfFile(name, content);
  const problem = imageProblem(format, { path: spool, data: file.data });
  if (problem === undefined) return;
  if (problem.startsWith('qemu-img'))
    worker.log(`command '/usr/bin/qemu-img info '--output=json' ${spool} -f ${format}' failed: exit code 1`);
  throw failure(problem);
}

function copyCommand(world: World, { node, receivedBy }: Upload, from: string, to: string): string {
  if (node === receivedBy) return `cp -- ${from} ${to}`;
  const options = sshOptions(world, node).map((option) => `-o ${option}`);
  return `/usr/bin/scp ${options.join(' ')} -p -- ${from} [${addressOf(world, node)}]:${to}`;
}

/**
 * The file is there under its name from the first byte on, in place of one that had it before (pve-behaviour 28.9).
 * A stop removes it; a kill leaves what has been written.
 */
async function writeInPlace(sim: Sim, worker: Process, upload: Upload, name: string, target: string): Promise<void> {
  const { storage, node, content, file } = upload;
  const volid = `${storage.id}:${content}/${name}`;
  const volume: Volume = {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    content,
    format: formatOfFile(name, content),
    ctime: nowSeconds(sim),
    sizeBytes: 0,
    data: file.data.subarray(0, 0),
  };
  const onWritten = (bytes: number): void => {
    if (bytes - volume.sizeBytes > freeBytes(sim.world, node, storage))
      throw failure(`import failed: cp: error writing '${target}': No space left on device`);
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
