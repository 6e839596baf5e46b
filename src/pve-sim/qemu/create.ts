// `POST /nodes/{node}/qemu` (pve-behaviour 9): checks, the claim of the id, and the worker that fills the config.
import { isAllowed } from '../access/permissions.ts';
import { checkTagChange } from '../access/tag-rights.ts';
import { requirePrivilege } from '../access/rules.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { failureText, type Process } from '../process.ts';
import { failure, forbidden } from '../pve-error.ts';
import { profileOfNode, qemuOfNode } from '../profiles/profile-of-node.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import { freeOrWarn } from '../storage/disk-work.ts';
import type { Worker } from '../tasks/worker.ts';
import { drivesOf, isBusKey, isCdrom, isDriveKey, isUnusedKey } from '../world/drive.ts';
import { isWindows, requireQemu } from '../world/guests.ts';
import { sortedOptions } from '../world/options.ts';
import { formatProperties, parseProperties } from '../world/property-string.ts';
import { isNicKey } from '../world/net.ts';
import { claimForCreate } from './claim-id.ts';
import { checkQuorum } from './config-file.ts';
import { withoutPath } from './drive-path.ts';
import { checkDriveAccess, checkDriveSyntax } from './drive-checks.ts';
import { makeDrive } from './new-drive.ts';
import { checkHookscript, checkOptionAccess, checkRootOnly } from './option-access.ts';
import { storedOnCreate, withCpuUnitsInRange, withoutAliases } from './option-values.ts';
import { joinPool } from './pool-join.ts';
import { refuseArchive } from './restore-archive.ts';
import { forkStart } from './start.ts';
import { checkSshKeys } from './ssh-keys.ts';

export interface CreateRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  /** The config options of the request, as sent. */
  readonly options: Readonly<Record<string, string>>;
  readonly pool: string | undefined;
  readonly storage: string | undefined;
  readonly start: boolean;
  readonly haManaged: boolean;
  readonly archive: string | undefined;
  /** Where appliances are unpacked. */
  readonly workingStorage: string | undefined;
}

/** @returns the UPID */
export async function createGuest(sim: Sim, process: Process, request: CreateRequest): Promise<string> {
  const { node, vmid, user } = request;
  const sent = withCpuUnitsInRange(sim, node, withoutAliases(request.options));
  checkSshKeys(sent['sshkeys']);
  checkQuorum(sim, request.node);
  checkCreateAccess(sim, request);
  if (request.archive !== undefined) refuseArchive(sim, request.archive);
  checkOptions(sim, request, sent);
  const options = withoutPaths(sim, node, sent);
  await claimForCreate(sim, process, node, vmid);
  await process.work(sim.durations.forkMs);
  return sim.tasks.fork({ node, type: 'qmcreate', id: String(vmid), user }, async (worker) => {
    await createOrUndo(sim, worker, { ...request, options });
    if (request.haManaged) return manage(sim, worker, request);
    if (!request.start) return;
    worker.log('Execute autostart');
    forkStart(sim, { node, vmid, user });
  });
}

/** @throws 400 for root's paths that are no volumes */
function withoutPaths(sim: Sim, node: string, options: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(options).map(([key, value]): [string, string] => [
    key,
    isDriveKey(key) ? withoutPath(sim, node, key, value) : value,
  ]);
  return Object.fromEntries(entries);
}

/** Under HA the manager is the one who starts it. */
function manage(sim: Sim, worker: Worker, { vmid, start }: CreateRequest): void {
  worker.log('Add as HA resource');
  const options = { state: start ? 'started' : 'stopped' };
  sim.world.ha.resources[`vm:${vmid}`] = { type: 'vm', options };
}

function checkCreateAccess(sim: Sim, request: CreateRequest): void {
  const { node, vmid, user, pool } = request;
  if (pool !== undefined && sim.world.pools[pool] === undefined) throw forbidden(`pool '${pool}' does not exist`);
  const mayStore = ['Datastore.AllocateSpace'];
  // Only an archive is restored onto it: whether it exists is not asked (recording one-node/30).
  if (request.storage !== undefined) requirePrivilege(sim.world, user, `/storage/${request.storage}`, mayStore);
  if (request.haManaged) requirePrivilege(sim.world, user, '/', ['Sys.Console']);
  const inPool = (name: string): boolean => pool !== undefined && isAllowed(sim.world, user, `/pool/${pool}`, [name]);
  if (request.start && profileOfNode(sim.world, node).has('startCheckedOnCreate') && !inPool('VM.PowerMgmt'))
    requirePrivilege(sim.world, user, `/vms/${vmid}`, ['VM.PowerMgmt']);
  if (!inPool('VM.Allocate') && !isAllowed(sim.world, user, `/vms/${vmid}`, ['VM.Allocate'])) throw forbidden();
}

/**
 * Storages first, then the options, then how drives are written down (pve-behaviour 9.3). Drive keys need no privilege on
 * the guest when it is created, only on their storages.
 */
function checkOptions(sim: Sim, request: CreateRequest, options: Readonly<Record<string, string>>): void {
  const { node, vmid, user, pool } = request;
  const entries = sortedOptions(options);
  const check = { node, vmid, user, workingStorage: request.workingStorage };
  for (const [key, value] of entries) {
    if (isDriveKey(key) || isUnusedKey(key)) checkDriveAccess(sim, check, key, value);
  }
  checkHookscript(sim, node, options['hookscript']);
  checkRootOnly(profileOfNode(sim.world, node), user, options);
  if (options['tags'] !== undefined && profileOfNode(sim.world, node).has('tagsCheckedOnCreate'))
    checkTagChange(sim.world, user, '', options['tags']);
  for (const [key, value] of entries) {
    if (!isDriveKey(key)) checkOptionAccess(sim, { node, vmid, user, pool }, { key, value });
  }
  for (const [key, value] of entries) if (isDriveKey(key)) checkDriveSyntax(key, value);
}

/** Whatever fails, the config is removed, last; disks stay behind where the pool is what failed (pve-behaviour 28.5). */
async function createOrUndo(sim: Sim, worker: Worker, request: CreateRequest): Promise<void> {
  const { node, vmid, pool } = request;
  const lock = { node, vmid, waitMs: sim.durations.cloneLockWaitMs };
  try {
    await withConfigLock(sim, worker, lock, async () => {
      await fillConfig(sim, worker, request);
      await worker.cleanUp(sim.durations.createFinishMs);
      if (pool !== undefined) await joinPool(sim, worker, vmid, pool);
    });
  } catch (error) {
    if (sim.world.guests[vmid]?.node === node) delete sim.world.guests[vmid];
    throw error;
  }
}

async function fillConfig(sim: Sim, worker: Worker, request: CreateRequest): Promise<void> {
  const { node, vmid } = request;
  const made: string[] = [];
  try {
    const config: Record<string, string> = {};
    for (const [key, value] of sortedOptions(request.options)) {
      if (!isDriveKey(key)) {
        const stored = storedOnCreate(sim, node, key, value);
        if (stored !== undefined) config[key] = stored;
        continue;
      }
      const drive = await makeDrive(sim, worker, { node, vmid, key, value, config: request.options });
      config[key] = drive.value;
      if (drive.allocated !== undefined) made.push(drive.allocated);
    }
    addDefaults(sim, worker, node, config);
    requireQemu(sim.world, node, vmid).config = config;
  } catch (error) {
    for (const volid of made) await freeOrWarn(sim, worker, node, volid);
    throw failure(`unable to create VM ${vmid} - ${failureText(error)}`);
  }
}

function addDefaults(sim: Sim, worker: Worker, node: string, config: Record<string, string>): void {
  config['boot'] ??= defaultBoot(config);
  config['smbios1'] ??= `uuid=${sim.random.uuid()}`;
  // 1 asks for a new one as well.
  if ((config['vmgenid'] ?? '1') === '1') config['vmgenid'] = sim.random.uuid();
  const qemu = qemuOfNode(sim.world, node);
  config['meta'] = `creation-qemu=${qemu},ctime=${nowSeconds(sim)}`;
  if (isWindows(config)) pinMachine(worker, qemu, config);
}

/** Windows minds another machine: it keeps the one of its first day (recording one-node/40). */
function pinMachine(worker: Worker, qemu: string, config: Record<string, string>): void {
  const { type = 'pc', ...rest } = parseProperties(config['machine'] ?? '', 'type');
  const model = { pc: 'pc-i440fx', q35: 'pc-q35', virt: 'virt' }[type];
  if (model === undefined) return;
  const pinned = `${model}-${qemu.split('.').slice(0, 2).join('.')}`;
  worker.log(`pinning machine type to '${pinned}' for Windows guest OS`);
  config['machine'] = formatProperties({ ...rest, type: pinned }, 'type');
}

/** The first disk, the first CD and the first NIC; buses in the order ide, scsi, virtio, sata. */
function defaultBoot(config: Readonly<Record<string, string>>): string {
  const buses = ['ide', 'scsi', 'virtio', 'sata'];
  const rank = (key: string): number => 1000 * buses.findIndex((bus) => key.startsWith(bus)) + numberOf(key);
  const drives = drivesOf(config)
    .filter(([key]) => isBusKey(key))
    .toSorted(([a], [b]) => rank(a) - rank(b));
  const disk = drives.find(([, drive]) => !isCdrom(drive))?.[0];
  const cd = drives.find(([, drive]) => isCdrom(drive))?.[0];
  const net = Object.keys(config)
    .filter(isNicKey)
    .toSorted((a, b) => numberOf(a) - numberOf(b))[0];
  const order = [disk, cd, net].filter((key) => key !== undefined);
  return order.length === 0 ? ' ' : `order=${order.join(';')}`;
}

function numberOf(key: string): number {
  return Number(/\d+$/.exec(key)?.[0] ?? 0);
}
