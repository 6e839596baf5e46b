// What of a guest lies on local storages and has to be copied to the target, and what stands against it (texts as in
// recording two-node/07).
import type { Sim } from '../sim.ts';
import { failure } from '../pve-error.ts';
import { childrenOf, findVolume, isFileStorage } from '../world/volumes.ts';
import type { Guest, Volume } from '../world/world.ts';
import { type UsedVolume, usedVolumes } from './used-volumes.ts';

export interface LocalVolume {
  readonly use: UsedVolume;
  readonly volume: Volume;
}

interface Scan {
  readonly running: boolean;
  readonly withLocalDisks: boolean;
}

/** @throws `Problem found while scanning volumes - ...`, after the log has named every one that cannot go */
export function scanLocalVolumes(sim: Sim, guest: Guest, scan: Scan, log: (line: string) => void): LocalVolume[] {
  const found: LocalVolume[] = [];
  const problems: string[] = [];
  for (const use of usedVolumes(sim.world, guest).toSorted((a, b) => (a.file < b.file ? -1 : 1))) {
    if (use.file === 'cdrom') problems.push("can't migrate local cdrom drive");
    if (use.storage === undefined || use.storage.shared) continue;
    log(`found local disk '${use.file}' (${referenceOf(use)})`);
    const volume = findVolume(sim.world, guest.node, use.file);
    const problem = obstacle(sim, guest, use, volume, scan);
    if (problem !== undefined) problems.push(`can't migrate local disk '${use.file}': ${problem}`);
    else if (volume !== undefined) found.push({ use, volume });
  }
  for (const problem of problems) log(problem);
  if (problems.length > 0) throw failure("Problem found while scanning volumes - can't migrate VM - check log");
  return found;
}

function referenceOf(use: UsedVolume): string {
  if (use.cloudInit) return 'in current VM config';
  if (use.unused) return 'unused';
  return use.key === undefined ? 'referenced by snapshot(s)' : 'attached';
}

function obstacle(
  { world }: Sim,
  guest: Guest,
  use: UsedVolume,
  volume: Volume | undefined,
  { running, withLocalDisks }: Scan,
): string | undefined {
  if (use.cdrom && !use.cloudInit) return 'local cdrom image';
  if (volume === undefined) return `volume '${use.file}' does not exist`;
  if (volume.vmid !== guest.vmid) return `owned by other VM (owner = VM ${volume.vmid ?? ''})`;
  const attached = use.key !== undefined && !use.unused && !use.cloudInit;
  if (running && attached && !withLocalDisks) {
    return "can't live migrate attached local disks without with-local-disks option";
  }
  if (use.snapshots.length > 0 && !use.vmState) {
    if (running) return 'online storage migration not possible if non-replicated snapshot exists';
    if (volume.format !== 'qcow2') return 'non-migratable snapshot exists';
  }
  if (childrenOf(world, volume).length > 0) return 'referenced by linked clone(s)';
  const base = use.storage !== undefined && isFileStorage(use.storage) ? volume.parent : undefined;
  return base === undefined
    ? undefined
    : `can't migrate '${use.file}' as it's a clone of '${base.split('/').at(-1) ?? ''}'`;
}
