// Writing a guest's cloud-init drive: at every start, on `PUT .../cloudinit`, and when a drive is put into a stopped guest
// (pve-behaviour 18.4).
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';
import { type Drive, drivesOf, isCloudInit } from '../world/drive.ts';
import { findVolume, requireStorage } from '../world/volumes.ts';
import type { Guest, Seed, Volume, World } from '../world/world.ts';
import { allocate } from '../storage/disk-work.ts';
import { MIB } from '../world/size.ts';
import { makeSeed } from './documents.ts';
import type { Source } from './guest-facts.ts';
import { customDocuments } from './snippets.ts';

export const DRIVE_BYTES = 4 * MIB;

export function sourceOf(world: World, guest: Guest): Source {
  const resolver = world.nodes[guest.node]?.resolver ?? { nameservers: [], search: [] };
  return { vmid: guest.vmid, config: guest.config, resolver };
}

/** Does nothing where the guest has no such drive. @throws what is wrong with a document or the storage */
export async function writeDrive(sim: Sim, process: Process, guest: Guest): Promise<void> {
  const drive = driveOf(guest);
  if (drive === undefined) return;
  const custom = customDocuments(sim.world, guest);
  const written = makeSeed(sourceOf(sim.world, guest), custom);
  const volume = await volumeOf(sim, process, guest, drive);
  process.log('generating cloud-init ISO');
  volume.seed = written;
  guest.cloudinit = {};
}

/** What a system that boots finds on the guest's drive. */
export function seedOf(world: World, guest: Guest): Seed | undefined {
  const drive = driveOf(guest);
  return drive === undefined ? undefined : findVolume(world, guest.node, drive.file)?.seed;
}

function driveOf(guest: Guest): Drive | undefined {
  return drivesOf(guest.config).find(([, drive]) => isCloudInit(drive))?.[1];
}

/** A volume that has vanished is made again under its name. */
async function volumeOf(sim: Sim, process: Process, guest: Guest, { file }: Drive): Promise<Volume> {
  const [storageId = '', path = ''] = file.split(':');
  requireStorage(sim.world, storageId, guest.node);
  const name = path.split('/').at(-1) ?? path;
  const found = findVolume(sim.world, guest.node, file);
  if (found !== undefined) return found;
  const wish = {
    vmid: guest.vmid,
    sizeBytes: DRIVE_BYTES,
    format: /\.(raw|qcow2|vmdk)$/.exec(name)?.[1],
    kind: 'cloudinit',
  } as const;
  return await allocate(sim, process, guest.node, storageId, wish);
}
