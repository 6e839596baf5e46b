// What takes time on a storage: allocating and freeing under its lock, copying with what bandwidth is left.
import { withStorageLock } from '../locks/storage-lock.ts';
import type { Profile } from '../profiles/profile.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failure } from '../pve-error.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import { failureText, type Process } from '../process.ts';
import { storageIdOf, volumeNameOf } from '../world/volid.ts';
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
import { checkRoom, watchRoom } from './room.ts';
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
    const { allocateVolumeMs, allocateCloudInitMs = allocateVolumeMs } = sim.durations;
    await worker.work(storage.allocateMs ?? (wish.kind === 'cloudinit' ? allocateCloudInitMs : allocateVolumeMs));
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
  const name = volumeNameOf(volume.volid);
  if (storage.path === undefined) return `  Logical volume "${name}" created.`;
  const [before, after] = QEMU_IMG[volume.format] ?? ['', ''];
  return `Formatting '${pathOf(storage, volume)}', fmt=${volume.format} ${before}size=${volume.sizeBytes} ${after}`;
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
    checkRoom(sim.world, node, storage, 0, nextVolumeName(sim.world, node, storage, wish));
    const volume = addVolume(sim.world, node, storage, wish, nowSeconds(sim));
    for (const line of linkedTexts(storage, base, volume, profileOfNode(sim.world, node))) worker.log(line);
    return volume;
  });
}

/** A linked image of a file storage; its clusters are divided since 9 (recording one-node/63). */
function linkedTexts(storage: StorageState, base: Volume, volume: Volume, profile: Profile): string[] {
  if (storage.path === undefined) return [`  Logical volume "${volume.volid.slice(storage.id.length + 1)}" created.`];
  const from = volumeNameOf(base.volid);
  const name = volume.volid.split('/').at(-1) ?? '';
  const clusters = profile.has('linkedExtendedL2')
    ? 'cluster_size=131072 extended_l2=on preallocation=metadata'
    : 'cluster_size=65536 extended_l2=off';
  const backing = `backing_file=../${from} backing_fmt=${base.format}`;
  return [
    `clone ${from}: images, ${name}, ${volume.vmid ?? ''} to ${name} (base=../${from})`,
    `Formatting '${pathOf(storage, volume)}', fmt=${volume.format} ${clusters} compression_type=zlib size=${volume.sizeBytes} ${backing} lazy_refcounts=off refcount_bits=16`,
  ];
}

/** Frees a volume if it is there. @throws when linked clones still stand on it, or its storage cannot be used */
export async function free(sim: Sim, worker: Process, node: string, volid: string): Promise<void> {
  const storage = requireStorage(sim.world, storageIdOf(volid), node);
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

export interface CopyOptions {
  /** Bytes per second that are not exceeded. */
  readonly limit?: number | undefined;
  /** At how many written bytes it is told, ascending; in ten equal steps where absent. */
  readonly marks?: readonly number[];
  readonly onWritten?: (bytes: number) => void;
  /** From which image to which: what was never written to the one is not written to the other. */
  readonly images?: { readonly from: Volume; readonly to: Volume };
}

/** Less is not waited for by itself. */
const SHORTEST_MS = 10;

/** Copies at an equal share of the storage's bandwidth. @throws when a thin storage runs full meanwhile */
export async function copy(
  sim: Sim,
  worker: Process,
  node: string,
  storage: StorageState,
  bytes: number,
  options: CopyOptions = {},
): Promise<void> {
  const { limit, marks = tenths(bytes), onWritten, images } = options;
  const limitedSeconds = limitedBy(sim, limit);
  const copying = copyingOn(sim, `${storage.shared ? '' : node}/${storage.id}`);
  const fits = watchRoom(sim.world, node, storage);
  copying.add(worker);
  let written = 0;
  let owedMs = 0;
  try {
    for (const mark of marks) {
      const sharers = [...copying].filter((other) => !other.dead).length;
      const shared = ((mark - written) * sharers) / storage.bytesPerSecond;
      owedMs += Math.max(shared, limitedSeconds(mark) - limitedSeconds(written)) * 1000;
      if (owedMs >= SHORTEST_MS || mark === marks.at(-1)) {
        await worker.work(owedMs);
        owedMs = 0;
      }
      written = mark;
      onWritten?.(mark);
      if (images !== undefined) write(sim, worker, storage, images, bytes === 0 ? 1 : mark / bytes, fits);
    }
  } finally {
    copying.delete(worker);
  }
}

/** @param share of the source that is there by now */
function write(
  sim: Sim,
  worker: Process,
  storage: StorageState,
  { from, to }: { readonly from: Volume; readonly to: Volume },
  share: number,
  fits: (more: number) => boolean,
): void {
  const wanted = Math.floor((from.writtenBytes ?? from.sizeBytes) * share);
  const more = isThick(storage) ? 0 : wanted - (to.writtenBytes ?? 0);
  if (!fits(Math.max(0, more))) {
    worker.log(`qemu-img: error while writing at byte ${to.writtenBytes ?? 0}: No space left on device`);
    const source = requireStorage(sim.world, from.storage);
    const command = `-p -n -f ${from.format} -O ${to.format} ${pathOf(source, from)} ${pathOf(storage, to)}`;
    throw failure(`copy failed: command '/usr/bin/qemu-img convert ${command}' failed: exit code 1`);
  }
  to.writtenBytes = wanted;
}

/** When a limit lets so many bytes be written, in seconds from the start. */
function limitedBy(sim: Sim, limit: number | undefined): (bytes: number) => number {
  if (limit === undefined) return () => 0;
  return (bytes) => (bytes / limit > sim.durations.copyBurstMs / 1000 ? bytes / limit : 0);
}

function tenths(bytes: number): number[] {
  return Array.from({ length: 10 }, (_, index) => Math.floor((bytes * (index + 1)) / 10));
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

/** `1.5 GiB`: the largest unit of which there is a whole one. */
export function rounded(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power] ?? ''}`;
}
