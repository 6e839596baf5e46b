// `POST .../snapshot` (pve-behaviour 14.2): the section is written under the config's flock, then the volumes are worked on
// under `lock: snapshot`, and what fails is taken back.
import { withConfigLock } from '../../locks/config-lock.ts';
import { failureText } from '../../process.ts';
import { failure } from '../../pve-error.ts';
import { nowSeconds, type Sim } from '../../sim.ts';
import { rounded } from '../../storage/disk-work.ts';
import { dataDrives, driveCan } from '../../storage/drive-features.ts';
import type { Worker } from '../../tasks/worker.ts';
import { drivesOf } from '../../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../../world/guests.ts';
import { storageIdOf } from '../../world/volid.ts';
import { findVolume } from '../../world/volumes.ts';
import type { Guest } from '../../world/world.ts';
import { agentAnswers } from '../agent.ts';
import { checkWritable, storedDescription } from '../config-file.ts';
import { agentEnabled } from '../guest-status.ts';
import { allocateVmstate, checkStateSavable, vmstateStorage } from '../vmstate.ts';
import { removeSnapshot } from './delete.ts';
import { requireSnapshot, stateOf } from './sections.ts';
import { takeVolumeSnapshot } from './volumes.ts';

export interface SnapshotRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly name: string;
  readonly description: string | undefined;
  /** The RAM too, where the guest runs. */
  readonly vmstate: boolean;
}

const RESERVED = new Set(['current', 'pending']);

/** @returns the UPID */
export function createSnapshot(sim: Sim, request: SnapshotRequest): string {
  const { node, vmid, user, name } = request;
  if (RESERVED.has(name.toLowerCase())) throw failure(`unable to use snapshot name '${name}' (reserved name)`);
  const guest = requireQemu(sim.world, node, vmid);
  if (request.vmstate) checkStateSavable(guest);
  return sim.tasks.fork({ node, type: 'qmsnapshot', id: String(vmid), user }, async (worker) => {
    await prepare(sim, worker, request);
    await takeOrUndo(sim, worker, request);
    await commit(sim, worker, request);
  });
}

async function prepare(sim: Sim, worker: Worker, request: SnapshotRequest): Promise<void> {
  const { node, vmid, name } = request;
  await withConfigLock(sim, worker, { node, vmid }, async () => {
    const guest = requireQemu(sim.world, node, vmid);
    if (isTemplate(guest)) throw failure("you can't take a snapshot if it's a template");
    checkNoLock(guest);
    if (guest.snapshots[name] !== undefined) throw failure(`snapshot name '${name}' already used`);
    const drives = dataDrives(drivesOf(guest.config));
    if (drives.some(([, drive]) => !driveCan(sim.world, drive, 'snapshot'))) {
      throw failure('snapshot feature is not available');
    }
    const withRam = request.vmstate && guest.run !== undefined;
    const ram = withRam ? await allocateVmstate(sim, worker, guest, vmstateStorage(sim, guest), name) : {};
    const description = request.description === undefined ? undefined : storedDescription(request.description);
    checkWritable(sim, node, vmid);
    guest.config['lock'] = 'snapshot';
    guest.snapshots[name] = {
      ...stateOf(guest.config),
      ...ram,
      ...(description === undefined ? {} : { description }),
      snapstate: 'prepare',
      snaptime: String(nowSeconds(sim)),
    };
  });
}

async function takeOrUndo(sim: Sim, worker: Worker, request: SnapshotRequest): Promise<void> {
  const { node, vmid, name } = request;
  const guest = requireQemu(sim.world, node, vmid);
  const section = requireSnapshot(guest, name);
  const done: string[] = [];
  const freezes = await canFreeze(sim, worker, guest, section['vmstate']);
  try {
    if (section['vmstate'] !== undefined) await saveRam(sim, worker, guest, section['vmstate']);
    for (const drive of dataDrives(drivesOf(section))) {
      await takeVolumeSnapshot(sim, worker, guest, drive, name);
      done.push(drive[0]);
    }
    if (freezes) await worker.work(sim.durations.snapshotMs);
  } catch (error) {
    worker.log('snapshot create failed: starting cleanup');
    await removeSnapshot(sim, worker, guest, name, { force: true, onlyDrives: done });
    // The text has a line end of its own, which the end of a task shows as a blank (recording one-node/66).
    throw failure(`${failureText(error)}\n`);
  }
}

/** Without RAM a guest whose agent answers has its file systems frozen meanwhile. */
async function canFreeze(sim: Sim, worker: Worker, guest: Guest, vmstate: string | undefined): Promise<boolean> {
  if (vmstate !== undefined || guest.run === undefined || !agentEnabled(guest.config)) return false;
  return await agentAnswers(sim, worker, guest);
}

async function saveRam(sim: Sim, worker: Worker, guest: Guest, vmstate: string): Promise<void> {
  worker.log(`saving VM state and RAM using storage '${storageIdOf(vmstate)}'`);
  await worker.work(sim.durations.saveStateMs);
  const seconds = Math.max(1, Math.round(sim.durations.saveStateMs / 1000));
  const saved = rounded((findVolume(sim.world, guest.node, vmstate)?.sizeBytes ?? 0) / 8);
  worker.log(`completed saving the VM state in ${seconds}s, saved ${saved}`);
}

async function commit(sim: Sim, worker: Worker, { node, vmid, name }: SnapshotRequest): Promise<void> {
  await withConfigLock(sim, worker, { node, vmid }, async () => {
    const guest = requireQemu(sim.world, node, vmid);
    if (guest.config['lock'] !== 'snapshot') throw failure('missing snapshot lock');
    const section = requireSnapshot(guest, name);
    checkWritable(sim, node, vmid);
    delete section['snapstate'];
    delete guest.config['lock'];
    guest.config['parent'] = name;
    await Promise.resolve();
  });
}
