// `qemu-img convert`: copies an image that no guest uses, and tells how far it is.
import { isInterrupt, type Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { MIB } from '../world/size.ts';
import { requireStorage } from '../world/volumes.ts';
import type { Volume, World } from '../world/world.ts';
import { copy, rounded } from './disk-work.ts';
import { pathOf } from './volume-path.ts';

export interface Conversion {
  readonly node: string;
  readonly from: Volume;
  readonly to: Volume;
  /** What the image holds; its file may be smaller. */
  readonly bytes: number;
  /** Bytes per second. */
  readonly limit?: number | undefined;
}

/** How much is read at once, and how many such parts are under way. */
const PART = 2 * MIB;
const UNDER_WAY = 8;
/** A line comes with each percent at most. */
const MOST_LINES = 100;
/** @throws `copy failed: command '...' failed: interrupted by signal` where the task is stopped (recording one-node/85) */
export async function convertImage(sim: Sim, worker: Process, conversion: Conversion): Promise<void> {
  const { node, bytes, limit, from, to } = conversion;
  const data = Math.min(bytes, from.writtenBytes ?? bytes);
  const tell = (done: number): void => worker.log(progress(data === 0 ? 0 : (done / data) * bytes, bytes));
  const taken = partsToTell(data);
  let next = 0;
  const onWritten = (written: number): void => {
    // Parts are counted when they are taken up, not when they are written.
    for (; next < taken.length && written >= startOf(taken[next] ?? 0); next += 1) tell(taken[next] ?? 0);
  };
  tell(0);
  try {
    const marks = [...new Set([...taken.map(startOf), data])];
    const images = { from, to };
    await copy(sim, worker, node, requireStorage(sim.world, to.storage), data, { limit, marks, onWritten, images });
  } catch (error) {
    if (!isInterrupt(error)) throw error;
    throw failure(`copy failed: command '${commandOf(sim.world, conversion)}' failed: interrupted by signal`);
  }
  worker.log(progress(bytes, bytes));
}

/** How many bytes of data are taken up when a line is told. */
function partsToTell(bytes: number): number[] {
  const parts = Math.ceil(bytes / PART);
  const step = Math.max(1, Math.floor(parts / MOST_LINES) + 1);
  const told = Array.from({ length: parts }, (_, index) => index + 1).filter(
    (part) => parts <= MOST_LINES || part % step === 0,
  );
  return [...new Set([...told.map((part) => Math.min(bytes, part * PART)), bytes])];
}

function startOf(taken: number): number {
  return Math.max(0, taken - UNDER_WAY * PART);
}

function commandOf(world: World, { from, to, limit }: Conversion): string {
  const rate = limit === undefined ? '' : ` -r ${Math.round(limit / 1024)}K`;
  const formats = `-f ${from.format} -O ${to.format}`;
  const [source, target] = [from, to].map((volume) => pathOf(requireStorage(world, volume.storage), volume));
  return `/usr/bin/qemu-img convert -p -n${rate} ${formats} ${source ?? ''} zeroinit:${target ?? ''}`;
}

function progress(done: number, all: number): string {
  const percent = all === 0 ? 100 : (done / all) * 100;
  return `transferred ${rounded(done)} of ${rounded(all)} (${percent.toFixed(2)}%)`;
}
