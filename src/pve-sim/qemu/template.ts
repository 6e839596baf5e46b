// `POST .../template` (pve-behaviour 13.6): the flag at once, then each volume becomes a base image.
import { withConfigLock } from '../locks/config-lock.ts';
import { failure } from '../pve-error.ts';
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';
import { makeBase } from '../storage/base-image.ts';
import type { Guest } from '../world/world.ts';
import { drivesOf, formatDrive, isCdrom } from '../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../world/guests.ts';
import { findVolume } from '../world/volumes.ts';
import { checkWritable } from './config-file.ts';

export interface TemplateRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  /** The one drive that becomes a base image; all where absent. */
  readonly disk: string | undefined;
}

/** @returns the UPID */
export function makeTemplate(sim: Sim, request: TemplateRequest): string {
  const { node, vmid, user } = request;
  checkConvertible(sim, request);
  return sim.tasks.fork({ node, type: 'qmtemplate', id: String(vmid), user }, async (worker) => {
    await convert(sim, worker, request);
  });
}

/** The first 7.x does it while the caller waits. */
export async function makeTemplateNow(sim: Sim, process: Process, request: TemplateRequest): Promise<void> {
  checkConvertible(sim, request);
  await convert(sim, process, request);
}

async function convert(sim: Sim, process: Process, request: TemplateRequest): Promise<void> {
  await withConfigLock(sim, process, request, async () => await runTemplate(sim, process, request));
}

function checkConvertible(sim: Sim, { node, vmid, disk }: TemplateRequest): void {
  const guest = requireQemu(sim.world, node, vmid);
  checkNoLock(guest);
  if (Object.keys(guest.snapshots).length > 0)
    throw failure('unable to create template, because VM contains snapshots');
  if (isTemplate(guest) && disk === undefined) throw failure("you can't convert a template to a template");
  if (guest.run !== undefined) throw failure("you can't convert a VM to template if VM is running");
}

async function runTemplate(sim: Sim, process: Process, request: TemplateRequest): Promise<void> {
  const { node, vmid } = request;
  checkConvertible(sim, request);
  const guest = requireQemu(sim.world, node, vmid);
  checkWritable(sim, node, vmid);
  guest.config['template'] = '1';
  await makeBaseImages(sim, process, guest, request.disk);
}

/** Volumes of storages without base images are skipped without a word. */
async function makeBaseImages(sim: Sim, process: Process, guest: Guest, disk: string | undefined): Promise<void> {
  for (const [key, drive] of drivesOf(guest.config)) {
    const volume = findVolume(sim.world, guest.node, drive.file);
    if (volume === undefined || isCdrom(drive) || (disk !== undefined && key !== disk)) continue;
    const base = await makeBase(sim, process, guest.node, volume);
    guest.config[key] = formatDrive({ ...drive, file: base.volid });
  }
}
