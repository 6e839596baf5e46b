// `DELETE .../{vmid}` (pve-behaviour 16, 28.6): volumes first, then the config as `lock: destroyed`, then what refers to the
// guest, then the config itself.
import { withConfigLock } from '../locks/config-lock.ts';
import { withUserConfigLock } from '../locks/user-config-lock.ts';
import { failureText } from '../process.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { forgetResource } from '../ha/ha-config.ts';
import { free } from '../storage/disk-work.ts';
import { pathOf } from '../storage/volume-path.ts';
import type { Worker } from '../tasks/worker.ts';
import { drivesOf, isUnusedKey, ownsVolume, parseDrive } from '../world/drive.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { storageIdOf } from '../world/volid.ts';
import { childrenOf, findVolume, isFileStorage } from '../world/volumes.ts';
import type { Guest, StorageState } from '../world/world.ts';
import { checkWritable } from './config-file.ts';

export interface DestroyRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly purge: boolean;
  readonly unreferenced: boolean;
}

/** @returns the UPID */
export function destroyGuest(sim: Sim, request: DestroyRequest): string {
  const { node, vmid, user } = request;
  const guest = requireQemu(sim.world, node, vmid);
  checkDestroyable(sim, request, guest);
  return sim.tasks.fork({ node, type: 'qmdestroy', id: String(vmid), user }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => await runDestroy(sim, worker, request));
  });
}

function checkDestroyable(sim: Sim, request: DestroyRequest, guest: Guest): void {
  const { vmid } = request;
  if (guest.config['protection'] === '1') throw failure(`can't remove VM ${vmid} - protection mode enabled`);
  if (sim.world.ha.resources[`vm:${vmid}`] !== undefined && !request.purge) {
    throw failure(`unable to remove VM ${vmid} - used in HA resources and purge parameter not set.`);
  }
  if (guest.run !== undefined) throw failure(`VM ${vmid} is running - destroy failed`);
}

async function runDestroy(sim: Sim, worker: Worker, request: DestroyRequest): Promise<void> {
  const { node, vmid } = request;
  const guest = requireQemu(sim.world, node, vmid);
  checkDestroyable(sim, request, guest);
  checkNoLock(guest, 'suspended');
  const volumes = volumesOf(sim, request, guest);
  checkNoClones(sim, node, volumes);
  for (const volid of volumes) await freeDisk(sim, worker, node, volid);
  checkWritable(sim, node, vmid);
  guest.config = { lock: 'destroyed' };
  guest.pending = {};
  guest.pendingDelete = {};
  guest.cloudinit = {};
  await worker.work(0);
  if (request.purge) worker.log(`purging VM ${vmid} from related configurations..`);
  if (request.purge && sim.world.ha.resources[`vm:${vmid}`] !== undefined)
    worker.log(`NOTE: removed VM ${vmid} from HA resource configuration.`);
  await cleanUpAccess(sim, worker, request);
  delete sim.world.guests[vmid];
}

/** A disk that cannot be freed is left behind: with a line in the log, and since 9.2 with a warning (recording one-node/66). */
async function freeDisk(sim: Sim, worker: Worker, node: string, volid: string): Promise<void> {
  const storage = sim.world.storages[storageIdOf(volid)];
  const isWarned = profileOfNode(sim.world, node).has('destroyWithoutStorage');
  // Without its storage a guest stays, until 9.2 with what has been freed before (pve-behaviour 27.3).
  if (storage === undefined && !isWarned) throw failure(`storage '${storageIdOf(volid)}' does not exist`);
  if (storage?.disabled === false && findVolume(sim.world, node, volid) === undefined)
    worker.log(missingText(storage, volid));
  try {
    await free(sim, worker, node, volid);
  } catch (error) {
    const text = `Could not remove disk '${volid}', check manually: ${failureText(error)}`;
    if (isWarned) worker.warn(text);
    else worker.log(text);
  }
}

function missingText(storage: StorageState, volid: string): string {
  const path = pathOf(storage, { volid });
  if (isFileStorage(storage)) return `disk image '${path}' does not exist`;
  return `  Failed to find logical volume "${path.replace('/dev/', '')}"`;
}

async function cleanUpAccess(sim: Sim, worker: Worker, { vmid, purge }: DestroyRequest): Promise<void> {
  try {
    await withUserConfigLock(sim, worker, () => forget(sim, vmid, purge));
  } catch (error) {
    throw failure(`access permissions cleanup for VM ${vmid} failed: ${failureText(error)}`);
  }
}

function volumesOf(sim: Sim, request: DestroyRequest, guest: Guest): string[] {
  const { node, vmid } = request;
  const unused = Object.entries(guest.config)
    .filter(([key]) => isUnusedKey(key))
    .map(([, value]) => parseDrive(value).file);
  const drives = drivesOf(guest.config)
    .filter(([, drive]) => ownsVolume(drive))
    .map(([, drive]) => drive.file);
  const states = [guest.config, ...Object.values(guest.snapshots)].flatMap(({ vmstate }) => vmstate ?? []);
  const owned = [...new Set([...drives, ...unused, ...states])].filter(
    (volid) => (findVolume(sim.world, node, volid)?.vmid ?? vmid) === vmid,
  );
  if (!request.unreferenced) return owned;
  const all = Object.values(sim.world.volumes).filter(
    (volume) => volume.vmid === vmid && (volume.node ?? node) === node,
  );
  return [...new Set([...owned, ...all.map((volume) => volume.volid)])];
}

function checkNoClones(sim: Sim, node: string, volumes: readonly string[]): void {
  for (const volid of volumes) {
    const volume = findVolume(sim.world, node, volid);
    if (volume !== undefined && childrenOf(sim.world, volume).length > 0) {
      throw failure(`base volume '${volid}' is still in use by linked cloned`);
    }
  }
}

/** ACLs and pool membership go always, the HA entry with purge alone. */
function forget(sim: Sim, vmid: number, purge: boolean): void {
  const { world } = sim;
  for (const pool of Object.values(world.pools)) pool.vms = pool.vms.filter((member) => member !== vmid);
  world.access.acl = world.access.acl.filter((entry) => entry.path !== `/vms/${vmid}`);
  if (purge) forgetResource(world, `vm:${vmid}`);
}
