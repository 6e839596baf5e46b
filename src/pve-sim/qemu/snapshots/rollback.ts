// `POST .../rollback` (pve-behaviour 14.4): the guest is stopped hard, its volumes and its config go back, and with RAM it
// runs on from there.
import { withConfigLock } from '../../locks/config-lock.ts';
import { withMigrationLock } from '../../locks/migration-lock.ts';
import { failure } from '../../pve-error.ts';
import type { Sim } from '../../sim.ts';
import { dataDrives } from '../../storage/drive-features.ts';
import type { Worker } from '../../tasks/worker.ts';
import { drivesOf, isUnusedKey } from '../../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../../world/guests.ts';
import type { Guest } from '../../world/world.ts';
import { addUnused, dropUsedAgain } from '../guest-volumes.ts';
import { checkWritable } from '../config-file.ts';
import { endRun } from '../run-end.ts';
import { runFromState } from '../start.ts';
import { withoutVmstate } from '../vmstate.ts';
import { requireSnapshot, stateOf } from './sections.ts';
import { checkRollbackPossible, rollBackVolume } from './volumes.ts';

export interface RollbackRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly name: string;
  /** Called once it is done and the guest does not run. */
  readonly start: (() => void) | undefined;
}

interface Target {
  readonly guest: Guest;
  readonly section: Readonly<Record<string, string>>;
}

/** @returns the UPID */
export function rollBack(sim: Sim, request: RollbackRequest): string {
  const { node, vmid, user } = request;
  return sim.tasks.fork({ node, type: 'qmrollback', id: String(vmid), user }, async (worker) => {
    await withMigrationLock(sim, worker, { node, vmid }, async () => {
      checkPossible(sim, request);
      const guest = await prepare(sim, worker, request);
      for (const [, drive] of dataDrives(drivesOf(requireSnapshot(guest, request.name)))) {
        await rollBackVolume(sim, worker, guest, drive, request.name);
      }
      await finish(sim, worker, request);
      if (guest.run === undefined) request.start?.();
    });
  });
}

/** What needs no lock to be told. */
function checkPossible(sim: Sim, request: RollbackRequest): void {
  const { guest, section } = requireTarget(sim, request);
  for (const [, drive] of dataDrives(drivesOf(section))) checkRollbackPossible(sim, guest, drive, request.name);
}

function requireTarget(sim: Sim, { node, vmid, name }: RollbackRequest): Target {
  const guest = requireQemu(sim.world, node, vmid);
  if (isTemplate(guest)) throw failure("you can't rollback if vm is a template");
  return { guest, section: requireSnapshot(guest, name) };
}

async function prepare(sim: Sim, worker: Worker, request: RollbackRequest): Promise<Guest> {
  const { node, vmid } = request;
  return await withConfigLock(sim, worker, { node, vmid }, async () => {
    const { guest, section } = requireTarget(sim, request);
    const { snapstate } = section;
    if (snapstate !== undefined) {
      throw failure(`unable to rollback to incomplete snapshot (snapstate = ${snapstate})`);
    }
    checkNoLock(guest);
    if (guest.run !== undefined) await worker.work(sim.durations.stopMs);
    endRun(guest);
    checkWritable(sim, node, vmid);
    guest.config['lock'] = 'rollback';
    return guest;
  });
}

async function finish(sim: Sim, worker: Worker, { node, vmid, name }: RollbackRequest): Promise<void> {
  await withConfigLock(sim, worker, { node, vmid }, async () => {
    const guest = requireQemu(sim.world, node, vmid);
    if (guest.config['lock'] !== 'rollback') throw failure('got wrong lock');
    const section = requireSnapshot(guest, name);
    checkWritable(sim, node, vmid);
    goBack(sim, guest, name);
    if (section['vmstate'] !== undefined) await runFromState(sim, worker, guest);
  });
}

/** Description and unused volumes stay; volumes that the snapshot does not know become unused; pending changes are lost. */
function goBack(sim: Sim, guest: Guest, name: string): void {
  const { config } = guest;
  const before = dataDrives(drivesOf(config));
  const state = withoutVmstate(stateOf(requireSnapshot(guest, name)));
  const kept = Object.entries(config).filter(([key]) => key === 'description' || isUnusedKey(key));
  guest.config = { ...Object.fromEntries(kept), ...state, parent: name };
  guest.pending = {};
  guest.pendingDelete = {};
  guest.cloudinit = {};
  if (guest.config['vmgenid'] !== undefined) guest.config['vmgenid'] = sim.random.uuid();
  const used = new Set(drivesOf(guest.config).map(([, { file }]) => file));
  for (const [, { file }] of before) if (!used.has(file)) addUnused(guest, file);
  dropUsedAgain(guest);
}
