// `POST .../template` (pve-behaviour 13.6): the flag at once, then each volume becomes a base image.
import { withConfigLock } from '../locks/config-lock.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { makeBase } from '../storage/base-image.ts';
import type { Worker } from '../tasks/worker.ts';
import type { Guest } from '../world/world.ts';
import { drivesOf, formatDrive, isCdrom } from '../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../world/guests.ts';
import { findVolume } from '../world/volumes.ts';
import { checkWritable } from './config-file.ts';

/** @returns the UPID */
export function makeTemplate(sim: Sim, node: string, vmid: number, user: string): string {
  checkConvertible(sim, node, vmid);
  return sim.tasks.fork({ node, type: 'qmtemplate', id: String(vmid), user }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => await runTemplate(sim, worker, node, vmid));
  });
}

function checkConvertible(sim: Sim, node: string, vmid: number): void {
  const guest = requireQemu(sim.world, node, vmid);
  checkNoLock(guest);
  if (Object.keys(guest.snapshots).length > 0)
    throw failure('unable to create template, because VM contains snapshots');
  if (isTemplate(guest)) throw failure("you can't convert a template to a template");
  if (guest.run !== undefined) throw failure("you can't convert a VM to template if VM is running");
}

async function runTemplate(sim: Sim, worker: Worker, node: string, vmid: number): Promise<void> {
  checkConvertible(sim, node, vmid);
  const guest = requireQemu(sim.world, node, vmid);
  checkWritable(sim, node, vmid);
  guest.config['template'] = '1';
  await makeBaseImages(sim, worker, guest);
}

/** Volumes of storages without base images are skipped without a word. */
async function makeBaseImages(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  for (const [key, drive] of drivesOf(guest.config)) {
    const volume = findVolume(sim.world, guest.node, drive.file);
    if (volume === undefined || isCdrom(drive)) continue;
    const base = await makeBase(sim, worker, guest.node, volume);
    guest.config[key] = formatDrive({ ...drive, file: base.volid });
  }
}
