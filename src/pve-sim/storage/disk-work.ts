// What takes time on a storage: allocating and freeing under its lock, copying with what bandwidth is left.
import { withStorageLock } from '../locks/storage-lock.ts';
import { failure } from '../pve-error.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import { failureText, type Process } from '../process.ts';
import {
  addVolume,
  childrenOf,
  findVolume,
  isThick,
  nextVolumeName,
  removeVolume,
  requireStorage,
  type VolumeWish,
} from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';
import { activate } from './activate.ts';
import { impossibleSize } from './impossible-size.ts';
import { checkRoom, freeBytes } from './room.ts';
import { storageKind } from './storage-types.ts';
import { pathOf } from './volume-path.ts';

const TOO_LARGE = 2 ** 63;
const SIZES = 'Must be between 0 and 9223372036854775807.';

export async function allocate(
  sim: Sim,
  worker: Process,
  node: string,
  storageId: string,
  wish: VolumeWish,
): Promise<Volume> {
  const storage = requireStorage(sim.world, storageId, node);
  return await withStorageLock(sim, worker, node, storage, async () => {
    if (wish.sizeBytes >= TOO_LARGE) {
      throw failure(`unable to create image: qemu-img: Invalid image size specified. ${SIZES}`);
    }
    activate(storage, node);
    await worker.work(storage.allocateMs ?? sim.durations.allocateVolumeMs);
    checkRoom(sim.world, node, storage, wish.sizeBytes, nextVolumeName(sim.world, node, storage, wish));
    const volume = addVolume(sim.world, node, storage, wish, nowSeconds(sim));
    const refusal = impossibleSize(storage, volume);
    if (storage.path !== undefined || refusal === undefined) worker.log(madeText(storage, volume));
    if (refusal === undefined) return volume;
    removeVolume(sim.world, volume);
    throw failure(refusal);
  });
}

const QEMU_IMG: Readonly<Record<string, [before: string, after: string]>> = {
  raw: ['', 'preallocation=off'],
  vmdk: ['', 'compat6=off hwversion=undefined'],
  qcow2: [
    'cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib ',
    'lazy_refcounts=off refcount_bits=16',
  ],
};

/** What qemu-img or lvcreate print. */
function madeText(storage: StorageState, volume: Volume): string {
  const name = volume.volid.slice(volume.volid.indexOf(':') + 1);
  if (storage.path === undefined) return `  Logical volume "${name}" created.`;
  const [before, after] = QEMU_IMG[volume.format] ?? ['', ''];
  const file = `${storage.path}/images/${name}`;
  return `Formatting '${file}', fmt=${volume.format} ${before}size=${volume.sizeBytes} ${after}`;
}

/** A linked clone's volume: made under the lock as well, and quick. */
export async function allocateLinked(
  sim: Sim,
  worker: Process,
  node: string,
  base: Volume,
  vmid: number,
): Promise<Volume> {
  const storage = requireStorage(sim.world, base.storage, node);
  return await withStorageLock(sim, worker, node, storage, async () => {
    activate(storage, node);
    await worker.work(sim.durations.linkedCloneMs);
    const { format } = storageKind(storage).linked;
    const wish = { vmid, sizeBytes: base.sizeBytes, format, kind: 'disk', parent: base.volid } as const;
    return addVolume(sim.world, node, storage, wish, nowSeconds(sim));
  });
}

/** Frees a volume if it is there. @throws when linked clones still stand on it, or its storage cannot be used */
export async function free(sim: Sim, worker: Process, node: string, volid: string): Promise<void> {
  const storage = requireStorage(sim.world, volid.slice(0, volid.indexOf(':')), node);
  const volume = findVolume(sim.world, node, volid);
  if (volume === undefined) return;
  await withStorageLock(sim, worker, node, storage, async () => {
    activate(storage, node);
    await worker.cleanUp(sim.durations.freeVolumeMs);
    if (childrenOf(sim.world, volume).length > 0)
      throw failure(`base volume '${volid}' is still in use by linked cloned`);
    removeVolume(sim.world, volume);
  });
}

/** A volume that cannot be freed is left behind with a warning: whoever removes a guest goes on (pve-behaviour 16, 27.3). */
export async function freeOrWarn(sim: Sim, worker: Process, node: string, volid: string): Promise<void> {
  try {
    await free(sim, worker, node, volid);
  } catch (error) {
    worker.warn(`Could not remove disk '${volid}', check manually: ${failureText(error)}`);
  }
}

const STEPS = 10;

export interface CopyOptions {
  /** Bytes per second that are not exceeded. */
  readonly limit?: number | undefined;
  /** Told how many bytes are there, step by step. */
  readonly onWritten?: (bytes: number) => void;
  /** From which image to which: what was never written to the one is not written to the other. */
  readonly images?: { readonly from: Volume; readonly to: Volume };
}

/** Copies at an equal share of the storage's bandwidth. @throws when a thin storage runs full meanwhile */
export async function copy(
  sim: Sim,
  worker: Process,
  node: string,
  storage: StorageState,
  bytes: number,
  options: CopyOptions = {},
): Promise<void> {
  const { limit = Number.POSITIVE_INFINITY, onWritten, images } = options;
  const copying = copyingOn(sim, `${storage.shared ? '' : node}/${storage.id}`);
  copying.add(worker);
  try {
    for (let step = 0; step < STEPS; step += 1) {
      worker.log(progress(bytes, step));
      const sharers = [...copying].filter((other) => !other.dead).length;
      const bytesPerSecond = Math.min(limit, storage.bytesPerSecond / sharers);
      await worker.work((bytes / STEPS / bytesPerSecond) * 1000);
      onWritten?.(Math.floor((bytes * (step + 1)) / STEPS));
      if (images !== undefined) write(sim, worker, node, storage, images, (step + 1) / STEPS);
    }
    worker.log(progress(bytes, STEPS));
  } finally {
    copying.delete(worker);
  }
}

/** @param share of the source that is there by now */
function write(
  sim: Sim,
  worker: Process,
  node: string,
  storage: StorageState,
  { from, to }: { readonly from: Volume; readonly to: Volume },
  share: number,
): void {
  const wanted = Math.floor((from.writtenBytes ?? from.sizeBytes) * share);
  const more = isThick(storage) ? 0 : wanted - (to.writtenBytes ?? 0);
  if (more > freeBytes(sim.world, node, storage)) {
    worker.log(`qemu-img: error while writing at byte ${to.writtenBytes ?? 0}: No space left on device`);
    const source = requireStorage(sim.world, from.storage);
    const command = `-p -n -f ${from.format} -O ${to.format} ${pathOf(source, from)} ${pathOf(storage, to)}`;
    throw failure(`copy failed: command '/usr/bin/qemu-img convert ${command}' failed: exit code 1`);
  }
  to.writtenBytes = wanted;
}

const copies = new WeakMap<Sim, Map<string, Set<Process>>>();

/** Who copies on a storage at the moment. */
function copyingOn(sim: Sim, key: string): Set<Process> {
  const all = copies.get(sim) ?? new Map<string, Set<Process>>();
  copies.set(sim, all);
  const here = all.get(key) ?? new Set();
  all.set(key, here);
  return here;
}

function progress(bytes: number, step: number): string {
  const done = rounded((bytes * step) / STEPS);
  return `transferred ${done} of ${rounded(bytes)} (${((step * 100) / STEPS).toFixed(2)}%)`;
}

/** `1.5 GiB`: the largest unit of which there is a whole one. */
export function rounded(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power] ?? ''}`;
}
