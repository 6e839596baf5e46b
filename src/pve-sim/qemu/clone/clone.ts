// `POST .../clone` (pve-behaviour 13): what is refused at once, and the worker that makes the new guest.
import { withConfigLock } from '../../locks/config-lock.ts';
import { failureText, type Process } from '../../process.ts';
import { failure, forbidden } from '../../pve-error.ts';
import { profileOfNode } from '../../profiles/profile-of-node.ts';
import type { Sim } from '../../sim.ts';
import { freeOrWarn } from '../../storage/disk-work.ts';
import type { Worker } from '../../tasks/worker.ts';
import { findQemu, isTemplate, requireQemu } from '../../world/guests.ts';
import { newMac } from '../../world/mac.ts';
import { formatNic, isNicKey, parseNic } from '../../world/net.ts';
import { formatProperties, parseProperties } from '../../world/property-string.ts';
import type { Guest } from '../../world/world.ts';
import { claimForClone } from '../claim-id.ts';
import { checkQuorum, storedDescription } from '../config-file.ts';
import { checkBridge } from '../option-access.ts';
import { joinPool } from '../pool-join.ts';
import { checkSource } from './checks.ts';
import { copyDrives } from './drives.ts';
import type { ClonePlan, CloneRequest, Config } from './plan.ts';

/** @returns the UPID */
export async function cloneGuest(sim: Sim, process: Process, request: CloneRequest): Promise<string> {
  const { node, vmid, user, pool } = request;
  if (pool !== undefined && sim.world.pools[pool] === undefined) throw forbidden(`pool '${pool}' does not exist`);
  if (request.target !== undefined && sim.world.nodes[request.target] === undefined) {
    throw failure(`no such cluster node '${request.target}'`);
  }
  checkQuorum(sim, node);
  const source = findQemu(sim.world, node, vmid);
  if (source === undefined) throw failure(`unable to find configuration file for VM ${vmid} on node '${node}'`);
  const plan: ClonePlan = {
    ...request,
    isFull: request.full ?? !isTemplate(source),
    running: source.run !== undefined,
  };
  const config = checkSource(sim, plan, source);
  checkNics(sim, plan, config);
  if (findQemu(sim.world, node, request.newid) !== undefined) {
    throw failure(`unable to create VM ${request.newid}: config file already exists`);
  }
  await process.work(0);
  return sim.tasks.fork(
    { node, type: 'qmclone', id: String(vmid), user },
    async (worker) => await runClone(sim, worker, plan),
  );
}

/** Checked on the source's bridges, whatever the copy will use (pve-behaviour 27.8). */
function checkNics(sim: Sim, plan: ClonePlan, config: Config): void {
  const profile = profileOfNode(sim.world, plan.node);
  for (const [key, value] of Object.entries(config)) if (isNicKey(key)) checkBridge(sim, profile, plan.user, value);
}

async function runClone(sim: Sim, worker: Worker, plan: ClonePlan): Promise<void> {
  const { node, vmid, newid } = plan;
  const waitMs = sim.durations.cloneLockWaitMs;
  const mode = plan.running ? 'exclusive' : 'shared';
  await withConfigLock(sim, worker, { node, vmid, mode, waitMs }, async () => {
    await withConfigLock(sim, worker, { node, vmid: newid, waitMs }, async () => {
      const source = requireQemu(sim.world, node, vmid);
      const config = checkSource(sim, plan, source);
      claimForClone(sim, node, source, newid);
      if (profileOfNode(sim.world, node).has('allocationLogged'))
        worker.log(`creating a clone of VM ${vmid} with ID ${newid}`);
      await copyOrUndo(sim, worker, plan, config);
      logDiscarded(worker, plan, source);
    });
  });
}

async function copyOrUndo(sim: Sim, worker: Worker, plan: ClonePlan, source: Config): Promise<void> {
  const made: string[] = [];
  try {
    const config = newConfig(sim, plan, source);
    await worker.work(sim.durations.cloneSetupMs);
    await copyDrives(sim, worker, plan, source, config, made);
    await finish(sim, worker, plan, config);
  } catch (error) {
    for (const volid of made.toReversed()) await freeOrWarn(sim, worker, plan.node, volid);
    // Only the source node's file is removed: a config that has moved already stays, without its disks.
    if (sim.world.guests[plan.newid]?.node === plan.node) delete sim.world.guests[plan.newid];
    throw failure(`clone failed: ${failureText(error)}`);
  }
}

function logDiscarded(worker: Worker, { snapname }: ClonePlan, { pending, pendingDelete }: Guest): void {
  if (snapname !== undefined) return;
  const keys = [...Object.keys(pending), ...(Object.keys(pendingDelete).length > 0 ? ['delete'] : [])];
  if (keys.length > 0) worker.log(`found pending changes for '${keys.join(',')}', discarding for clone`);
}

/** Everything but drives, snapshots and what belongs to one guest alone (pve-behaviour 13.4). */
function newConfig(sim: Sim, plan: ClonePlan, source: Config): Record<string, string> {
  const config: Record<string, string> = {};
  for (const [key, value] of Object.entries(source)) {
    if (/^(unused\d+|parent|vmstate|snaptime|snapstate|running.*|template|lock|digest)$/.test(key)) continue;
    config[key] = isNicKey(key)
      ? formatNic({ ...parseNic(value), mac: newMac(sim.world, plan.node, sim.random) })
      : value;
  }
  config['smbios1'] = newSmbios(config['smbios1'], sim.random.uuid());
  if (config['vmgenid'] !== undefined) config['vmgenid'] = sim.random.uuid();
  config['name'] = plan.name ?? `Copy-of-VM-${source['name'] ?? plan.vmid}`;
  return plan.description === undefined || plan.description === '' ? config : describe(config, plan.description);
}

/** A text of nothing but white space leaves no description, the source's neither. */
function describe(config: Record<string, string>, text: string): Record<string, string> {
  const { description: _, ...rest } = config;
  const description = storedDescription(text);
  return description === undefined ? rest : { ...rest, description };
}

function newSmbios(old: string | undefined, uuid: string): string {
  return formatProperties({ ...(old === undefined ? {} : parseProperties(old)), uuid });
}

/** Config without its lock, then the other node, then the pool. */
async function finish(sim: Sim, worker: Worker, plan: ClonePlan, config: Record<string, string>): Promise<void> {
  const clone = requireQemu(sim.world, plan.node, plan.newid);
  clone.config = config;
  if (plan.target !== undefined && plan.target !== plan.node) clone.node = plan.target;
  await worker.cleanUp(sim.durations.cloneFinishMs);
  if (plan.pool !== undefined) await joinPool(sim, worker, plan.newid, plan.pool);
}
