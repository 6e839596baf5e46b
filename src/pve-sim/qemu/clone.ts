// `POST .../clone` (pve-behaviour 13): what is refused at once, and the worker that copies drive after drive.
import { requirePrivilege } from '../access/rules.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { failureText, type Process } from '../process.ts';
import { failure, forbidden, PveError, parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { convertImage } from '../storage/convert-image.ts';
import { allocate, allocateLinked, freeOrWarn } from '../storage/disk-work.ts';
import { volumeCan } from '../storage/storage-types.ts';
import type { Worker } from '../tasks/worker.ts';
import { type Drive, drivesOf, formatDrive, isCloudInit, ownsVolume } from '../world/drive.ts';
import { checkNoLock, findQemu, isTemplate, requireQemu } from '../world/guests.ts';
import { isNicKey, parseNic, formatNic } from '../world/net.ts';
import { newMac } from '../world/mac.ts';
import { formatProperties, parseProperties } from '../world/property-string.ts';
import { formatSize } from '../world/size.ts';
import { checkUsable, findVolume, isOnNode, requireStorage } from '../world/volumes.ts';
import type { Guest, StorageState, Volume } from '../world/world.ts';
import { claimForClone } from './claim-id.ts';
import { checkQuorum, storedDescription } from './config-file.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { checkBridge } from './option-access.ts';
import { joinPool } from './pool-join.ts';

export interface CloneRequest {
  readonly node: string;
  readonly vmid: number;
  readonly newid: number;
  readonly user: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly snapname: string | undefined;
  readonly pool: string | undefined;
  readonly full: boolean | undefined;
  readonly storage: string | undefined;
  readonly format: string | undefined;
  readonly target: string | undefined;
  readonly bytesPerSecond: number | undefined;
}

/** What the synchronous part has found out, with defaults filled in. */
interface ClonePlan extends CloneRequest {
  readonly isFull: boolean;
  readonly running: boolean;
}

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
  checkNoLock(source);
  checkSnapshot(source, request.snapname);
  checkTargetStorage(sim, plan);
  checkDrives(sim, plan, source);
  checkNics(sim, plan, source);
  if (findQemu(sim.world, node, request.newid) !== undefined) {
    throw failure(`unable to create VM ${request.newid}: config file already exists`);
  }
  await process.work(0);
  return sim.tasks.fork(
    { node, type: 'qmclone', id: String(vmid), user },
    async (worker) => await runClone(sim, worker, plan),
  );
}

function checkSnapshot(source: Guest, name: string | undefined): void {
  if (name === undefined) return;
  if (source.snapshots[name] === undefined) throw failure(`snapshot '${name}' does not exist`);
  throw new PveError(501, 'pve-sim does not play the clone of a snapshot');
}

function checkTargetStorage(sim: Sim, plan: ClonePlan): void {
  if (!plan.isFull && plan.storage !== undefined) throw failure("parameter 'storage' not allowed for linked clones");
  if (!plan.isFull && plan.format !== undefined) throw failure("parameter 'format' not allowed for linked clones");
  if (plan.storage === undefined) return;
  const storage = requireStorage(sim.world, plan.storage, plan.node);
  if (!storage.content.includes('images')) {
    throw parameterError({ storage: `storage '${plan.storage}' does not support vm images` });
  }
  if (plan.target === undefined || plan.target === plan.node) return;
  if (!storage.shared) throw failure(`can't clone to non-shared storage '${plan.storage}'`);
  if (!isOnNode(storage, plan.target)) checkUsable(storage, plan.target);
}

function checkDrives(sim: Sim, plan: ClonePlan, source: Guest): void {
  const elsewhere = plan.target !== undefined && plan.target !== plan.node;
  for (const [key, drive] of drivesOf(source.config)) {
    if (!drive.file.includes(':')) continue;
    const storage = sim.world.storages[drive.file.slice(0, drive.file.indexOf(':'))];
    if (storage === undefined) continue;
    if (elsewhere && !storage.shared) throw failure(`can't clone VM to node '${plan.target}' (VM uses local storage)`);
    if (!ownsVolume(drive)) continue;
    const onto = plan.storage ?? storage.id;
    if (!isCloudInit(drive) || plan.storage !== undefined) {
      requirePrivilege(sim.world, plan.user, `/storage/${onto}`, ['Datastore.AllocateSpace']);
    }
    if (!plan.isFull && !isCloudInit(drive) && !canLink(sim, plan.node, drive)) {
      throw failure(`Linked clone feature is not supported for '${drive.file}' (${key})`);
    }
  }
}

/** Only a template's base images; what snapshots allow comes with them. */
function canLink(sim: Sim, node: string, drive: Drive): boolean {
  const volume = findVolume(sim.world, node, drive.file);
  return volume !== undefined && volumeCan(requireStorage(sim.world, volume.storage), volume, 'clone');
}

/** Checked on the source's bridges, whatever the copy will use (pve-behaviour 27.8). */
function checkNics(sim: Sim, plan: ClonePlan, source: Guest): void {
  const profile = profileOfNode(sim.world, plan.node);
  for (const [key, value] of Object.entries(source.config))
    if (isNicKey(key)) checkBridge(sim, profile, plan.user, value);
}

async function runClone(sim: Sim, worker: Worker, plan: ClonePlan): Promise<void> {
  const { node, vmid, newid } = plan;
  const waitMs = sim.durations.cloneLockWaitMs;
  const mode = plan.running ? 'exclusive' : 'shared';
  await withConfigLock(sim, worker, { node, vmid, mode, waitMs }, async () => {
    await withConfigLock(sim, worker, { node, vmid: newid, waitMs }, async () => {
      const source = requireQemu(sim.world, node, vmid);
      checkNoLock(source);
      claimForClone(sim, node, source, newid);
      if (profileOfNode(sim.world, node).has('allocationLogged'))
        worker.log(`creating a clone of VM ${vmid} with ID ${newid}`);
      await copyOrUndo(sim, worker, plan, source);
    });
  });
}

async function copyOrUndo(sim: Sim, worker: Worker, plan: ClonePlan, source: Guest): Promise<void> {
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

/** Everything but drives, snapshots and what belongs to one guest alone (pve-behaviour 13.4). */
function newConfig(sim: Sim, plan: ClonePlan, source: Guest): Record<string, string> {
  const config: Record<string, string> = {};
  for (const [key, value] of Object.entries(source.config)) {
    if (/^(unused\d+|parent|vmstate|running.*|template|lock|digest)$/.test(key)) continue;
    config[key] = isNicKey(key) ? formatNic({ ...parseNic(value), mac: newMac(sim.world, sim.random) }) : value;
  }
  config['smbios1'] = newSmbios(config['smbios1'], sim.random.uuid());
  if (config['vmgenid'] !== undefined) config['vmgenid'] = sim.random.uuid();
  config['name'] = plan.name ?? `Copy-of-VM-${source.config['name'] ?? plan.vmid}`;
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

async function copyDrives(
  sim: Sim,
  worker: Worker,
  plan: ClonePlan,
  source: Guest,
  config: Record<string, string>,
  made: string[],
): Promise<void> {
  const owned = drivesOf(source.config).filter(([, drive]) => ownsVolume(drive));
  const visible = { ...config };
  for (const [key] of owned) delete visible[key];
  for (const [index, [key, drive]] of owned.entries()) {
    config[key] = await copyDrive(sim, worker, plan, key, drive, made);
    visible[key] = config[key];
    // Each finished drive is written; the last one with the lock gone, at the end.
    if (index < owned.length - 1) requireQemu(sim.world, plan.node, plan.newid).config = { ...visible, lock: 'clone' };
  }
}

async function copyDrive(
  sim: Sim,
  worker: Worker,
  plan: ClonePlan,
  key: string,
  drive: Drive,
  made: string[],
): Promise<string> {
  const { node, newid } = plan;
  const volume = findVolume(sim.world, node, drive.file);
  if (volume === undefined) throw failure(`volume '${drive.file}' does not exist`);
  const origin = requireStorage(sim.world, volume.storage, node);
  const linked = !plan.isFull && !isCloudInit(drive) && key !== 'tpmstate0';
  worker.log(`create ${linked ? 'linked' : 'full'} clone of drive ${key} (${drive.file})`);
  const copied = linked
    ? await allocateLinked(sim, worker, node, volume, newid)
    : await copyVolume(sim, worker, plan, drive, volume, origin, made);
  if (linked) made.push(copied.volid);
  const { size: _, ...options } = drive.options;
  return formatDrive({ file: copied.volid, options: { ...options, size: formatSize(copied.sizeBytes) } });
}

async function copyVolume(
  sim: Sim,
  worker: Worker,
  plan: ClonePlan,
  drive: Drive,
  volume: Volume,
  origin: StorageState,
  made: string[],
): Promise<Volume> {
  const onto = requireStorage(sim.world, plan.storage ?? origin.id, plan.node);
  const kind = isCloudInit(drive) ? 'cloudinit' : 'disk';
  const format = plan.format ?? volume.format;
  const wish = { vmid: plan.newid, sizeBytes: volume.sizeBytes, format, kind } as const;
  const copied = await allocate(sim, worker, plan.node, onto.id, wish);
  made.push(copied.volid);
  if (profileOfNode(sim.world, plan.node).has('allocationLogged'))
    worker.log(`allocated target volume '${copied.volid}'`);
  const { node, bytesPerSecond: limit } = plan;
  if (kind === 'disk')
    await convertImage(sim, worker, { node, from: volume, to: copied, bytes: volume.sizeBytes, limit });
  return copied;
}

/** Config without its lock, then the other node, then the pool. */
async function finish(sim: Sim, worker: Worker, plan: ClonePlan, config: Record<string, string>): Promise<void> {
  const clone = requireQemu(sim.world, plan.node, plan.newid);
  clone.config = config;
  if (plan.target !== undefined && plan.target !== plan.node) clone.node = plan.target;
  await worker.cleanUp(sim.durations.cloneFinishMs);
  if (plan.pool !== undefined) await joinPool(sim, worker, plan.newid, plan.pool);
}
