// `import-from`: a new disk is the copy of an image of a guest, of an import file, or of a file that root names
// (pve-behaviour 9.2; recording one-node/45).
import { withConfigLock } from '../locks/config-lock.ts';
import type { Process } from '../process.ts';
import { finishMirrors } from './mirror.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { fileInAppliance } from '../storage/appliance.ts';
import { convertImage } from '../storage/convert-image.ts';
import { mirrorDisk } from '../storage/mirror-disk.ts';
import { imageBytes } from '../storage/image-size.ts';
import { volumeKind } from '../storage/volume-name.ts';
import { pathOf, volumeAt } from '../storage/volume-path.ts';
import { drivesOf } from '../world/drive.ts';
import { splitVolid } from '../world/volid.ts';
import { findVolume, requireStorage, requireVolume } from '../world/volumes.ts';
import type { Guest, Volume } from '../world/world.ts';

export interface ImportSource {
  readonly volid: string;
  readonly bytes: number;
  readonly format: string;
  /** Where it lies; of a disk in an appliance, the appliance. */
  readonly volume: Volume;
  /** Whose disk it is, and which. */
  readonly guest?: Guest;
  readonly key?: string;
}

/** @throws PVE's texts for a source that is not there */
export function importSource(sim: Sim, process: Process, node: string, source: string): ImportSource {
  const parts = splitVolid(source);
  if (parts === undefined) return fromFile(volumeAt(sim.world, node, source), source);
  const storage = requireStorage(sim.world, parts.storage, node);
  const { owner } = volumeKind(storage, parts.name);
  const [, archive, inner] = /^(import\/[^/]+\.ova)\/(.+)$/.exec(parts.name) ?? [];
  if (archive !== undefined && inner !== undefined) return fromAppliance(sim, node, `${storage.id}:${archive}`, inner);
  const volume = findVolume(sim.world, node, source);
  const missing = `failed to stat '${pathOf(storage, { volid: source })}'`;
  if (owner === undefined) {
    if (volume === undefined) throw failure(missing);
    return fromFile(volume, source);
  }
  const refuse = (reason: string): Error => failure(`cannot import from '${source}' - ${reason}`);
  const guest = sim.world.guests[owner];
  if (guest !== undefined && guest.node !== node) throw refuse(`owner VM ${owner} not on local node`);
  if (volume === undefined) {
    if (storage.path !== undefined) process.log(missing);
    throw refuse(`could not get size of ${source}`);
  }
  const key = guest === undefined ? undefined : drivesOf(guest.config).find(([, { file }]) => file === source)?.[0];
  return { ...fromFile(volume, source), ...(guest === undefined || key === undefined ? {} : { guest, key }) };
}

function fromFile(volume: Volume | undefined, source: string): ImportSource {
  if (volume === undefined) throw failure(`can't find file '${source}'`);
  return { volid: source, bytes: imageBytes(volume.data, volume.sizeBytes), format: volume.format, volume };
}

/** A disk inside an appliance is unpacked first. */
function fromAppliance(sim: Sim, node: string, archive: string, inner: string): ImportSource {
  const volume = requireVolume(sim.world, node, archive);
  const data = fileInAppliance(volume.data ?? new Uint8Array(), inner);
  if (data === undefined) {
    throw failure(`command 'tar -x --force-local -f ${archive} ${inner}' failed: exit code 2`);
  }
  const bytes = imageBytes(data, data.length);
  const format = inner.split('.').at(-1) ?? 'raw';
  return { volid: `${archive}/${inner}`, bytes, format, volume: { ...volume, format, sizeBytes: bytes } };
}

/** The source's guest cannot change meanwhile; it is asked for longer than most locks are. */
export async function withSourceLock<T>(
  sim: Sim,
  process: Process,
  vmid: number,
  { guest }: ImportSource,
  work: () => Promise<T>,
): Promise<T> {
  if (guest === undefined || guest.vmid === vmid) return await work();
  const mode = guest.run === undefined ? 'shared' : 'exclusive';
  const lock = { node: guest.node, vmid: guest.vmid, mode, waitMs: sim.durations.importLockWaitMs } as const;
  return await withConfigLock(sim, process, lock, work);
}

/** A running guest's disk is mirrored by QEMU, all else converted. */
export async function copySource(
  sim: Sim,
  process: Process,
  node: string,
  { guest, key, volume: from, bytes }: ImportSource,
  to: Volume,
): Promise<void> {
  if (guest?.run === undefined || key === undefined) return await convertImage(sim, process, { node, from, to, bytes });
  await mirrorDisk(sim, process, { node, key, from, to, bytes });
  await finishMirrors(sim, process, guest, [key]);
}
