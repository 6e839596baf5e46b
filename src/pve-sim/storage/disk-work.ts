// What takes time on a storage: allocating and freeing under its lock, copying with what bandwidth is left.
import { withStorageLock } from '../locks/storage-lock.ts';
import { failure } from '../pve-error.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import type { LockHolder } from '../locks/locks.ts';
import { MIB } from '../world/size.ts';
import { addVolume, childrenOf, findVolume, removeVolume, requireStorage, type VolumeWish } from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';

/** Whoever works on storages: a task's worker, or an API call that does it itself. */
export interface DiskWorker extends LockHolder {
  log(line: string): void;
  /** Lets work pass; a stop of the task interrupts it. */
  work(ms: number): Promise<void>;
  /** Lets cleaning up pass; nothing but a kill interrupts it. */
  cleanUp(ms: number): Promise<void>;
}

/** An API call as the worker: it has no log, and nobody stops it. */
export function callWorker(sim: Sim, holder: LockHolder): DiskWorker {
  return {
    held: holder.held,
    dead: false,
    log: () => {},
    work: async (ms) => await sim.pace.work(ms),
    cleanUp: async (ms) => await sim.pace.work(ms),
  };
}

const TOO_LARGE = 2 ** 63;
const SIZES = 'Must be between 0 and 9223372036854775807.';

export async function allocate(
  sim: Sim,
  worker: DiskWorker,
  node: string,
  storageId: string,
  wish: VolumeWish,
): Promise<Volume> {
  const storage = requireStorage(sim.world, storageId, node);
  return await withStorageLock(sim, worker, node, storage, async () => {
    if (wish.sizeBytes >= TOO_LARGE) {
      throw failure(`unable to create image: qemu-img: Invalid image size specified. ${SIZES}`);
    }
    await worker.work(storage.allocateMs ?? sim.durations.allocateVolumeMs);
    const volume = addVolume(sim.world, node, storage, wish, nowSeconds(sim));
    worker.log(madeText(storage, volume));
    return volume;
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
  worker: DiskWorker,
  node: string,
  base: Volume,
  vmid: number,
): Promise<Volume> {
  const storage = requireStorage(sim.world, base.storage, node);
  return await withStorageLock(sim, worker, node, storage, async () => {
    await worker.work(sim.durations.linkedCloneMs);
    const wish = { vmid, sizeBytes: base.sizeBytes, format: 'qcow2', kind: 'disk', parent: base.volid } as const;
    return addVolume(sim.world, node, storage, wish, nowSeconds(sim));
  });
}

/** Frees a volume if it is there. @throws when linked clones still stand on it */
export async function free(sim: Sim, worker: DiskWorker, node: string, volid: string): Promise<void> {
  const volume = findVolume(sim.world, node, volid);
  const storage = sim.world.storages[volid.slice(0, volid.indexOf(':'))];
  if (volume === undefined || storage === undefined) return;
  await withStorageLock(sim, worker, node, storage, async () => {
    await worker.cleanUp(sim.durations.freeVolumeMs);
    if (childrenOf(sim.world, volume).length > 0)
      throw failure(`base volume '${volid}' is still in use by linked cloned`);
    removeVolume(sim.world, volume);
  });
}

const STEPS = 10;

/** Copies at an equal share of the storage's bandwidth, and no faster than `limit` bytes per second. */
export async function copy(
  sim: Sim,
  worker: DiskWorker,
  node: string,
  storage: StorageState,
  bytes: number,
  limit = Number.POSITIVE_INFINITY,
): Promise<void> {
  const copying = copyingOn(sim, `${storage.shared ? '' : node}/${storage.id}`);
  copying.add(worker);
  try {
    for (let step = 0; step < STEPS; step += 1) {
      worker.log(progress(bytes, step));
      const sharers = [...copying].filter((other) => !other.dead).length;
      const bytesPerSecond = Math.min(limit, storage.bytesPerSecond / sharers);
      await worker.work((bytes / STEPS / bytesPerSecond) * 1000);
    }
    worker.log(progress(bytes, STEPS));
  } finally {
    copying.delete(worker);
  }
}

const copies = new WeakMap<Sim, Map<string, Set<DiskWorker>>>();

/** Who copies on a storage at the moment. */
function copyingOn(sim: Sim, key: string): Set<DiskWorker> {
  const all = copies.get(sim) ?? new Map<string, Set<DiskWorker>>();
  copies.set(sim, all);
  const here = all.get(key) ?? new Set();
  all.set(key, here);
  return here;
}

function progress(bytes: number, step: number): string {
  const done = step === 0 ? '0.0 B' : mib((bytes * step) / STEPS);
  return `transferred ${done} of ${mib(bytes)} (${((step * 100) / STEPS).toFixed(2)}%)`;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
