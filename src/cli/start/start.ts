// `npm start`: a simulated cluster (or the PVE that PVE_ENDPOINT names), the manager with an API for kubectl, and manifests
// that are applied there, each step shown as it happens.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '#runtime/clock';
import { bringUp } from './bring-up.ts';
import { createPrograms } from './launch.ts';
import { readManifests, type Wanted } from './manifests.ts';
import { createProgress, type Terminal } from './progress.ts';
import { type Environment, namesAPve, pveIn } from './pve.ts';

export interface StartOptions {
  /** Files of manifests: those of an inner list are applied together, the next list when all of that is there. */
  readonly manifests: readonly (readonly string[])[];
  /** Ends when all is there instead of staying up. */
  readonly once: boolean;
  /** Tells what the simulated PVE is asked. */
  readonly showsCalls: boolean;
  readonly programs: { readonly simulator: string; readonly manager: string; readonly plugins: string };
  /** Where the objects of a real PVE are kept, instead of a folder of its name within `dataRoot`. */
  readonly dataDir: string | undefined;
  readonly dataRoot: string;
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Aborted when the person has had enough. */
  readonly interrupted: AbortSignal;
}

/** Somebody has ended it before it was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Throws what kept it from getting there, `Interrupted` included; the programs are stopped whatever happens. */
export async function start(options: StartOptions): Promise<void> {
  const stages = await Promise.all(options.manifests.map(readAll));
  const progress = createProgress(options.terminal, options.clock);
  const programs = createPrograms();
  const isSimulated = !namesAPve(options.environment);
  const dataDir = dataDirOf(options);
  try {
    const work = bringUp({ options, stages, progress, programs, dataDir, isSimulated });
    const { ended } = await unlessInterrupted(options, work);
    if (options.once) return;
    await Promise.race([ended.then(() => Promise.reject(new Error('the manager has ended'))), interruption(options)]);
  } finally {
    progress.mute();
    await programs.stop();
    if (isSimulated) rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A simulated cluster forgets everything at its end, and its objects go with it. Those of a real one are its VMs' owners. */
function dataDirOf({ environment, dataDir, dataRoot }: StartOptions): string {
  if (!namesAPve(environment)) {
    if (dataDir === undefined) return mkdtempSync(join(tmpdir(), 'virtrigaud-'));
    throw new Error('--data-dir: what is on a simulated cluster is gone at its end. Leave it out, or set PVE_ENDPOINT');
  }
  const host = pveIn(environment)
    .endpoint.replace(/^https?:\/\//, '')
    .replaceAll(/[^\w.-]+/g, '_');
  const folder = dataDir ?? join(dataRoot, host);
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function readAll(files: readonly string[]): Promise<Wanted[]> {
  const texts = await Promise.all(files.map(readText));
  return texts.flatMap(readManifests);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function interruption({ interrupted }: StartOptions): Promise<void> {
  if (interrupted.aborted) return;
  await new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }));
}

async function unlessInterrupted<T>(options: StartOptions, work: Promise<T>): Promise<T> {
  const stop = interruption(options).then(() => Promise.reject(new Interrupted('interrupted')));
  return await Promise.race([work, stop]);
}
