// `PUT` and `POST .../config` (pve-behaviour 11): what is refused before the guest's lock is asked for, what is under it, and
// who then does the work.
import { withConfigLock } from '../locks/config-lock.ts';
import { requirePrivilege } from '../access/rules.ts';
import type { Process } from '../process.ts';
import { failure, parameterError } from '../pve-error.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { vmOptions } from '../schema/vm-options.ts';
import type { Sim } from '../sim.ts';
import { upidOrDone } from '../tasks/upid-or-done.ts';
import { isDriveKey, isUnusedKey } from '../world/drive.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { isNicKey } from '../world/net.ts';
import { sortedOptions } from '../world/options.ts';
import type { Guest } from '../world/world.ts';
import { applyChanges } from './apply-changes.ts';
import { checkDigest, checkWritable } from './config-file.ts';
import { isDeviceKey } from './device-access.ts';
import { checkDriveAccess, checkDriveSyntax } from './drive-checks.ts';
import { withoutPath } from './drive-path.ts';
import { memoryMib } from './guest-status.ts';
import { checkHookscript, checkOptionAccess, checkRootOnlyKeys, type OptionOwner } from './option-access.ts';
import { storedOnUpdate, withCpuUnitsInRange, withoutAliases } from './option-values.ts';
import { checkSshKeys } from './ssh-keys.ts';

export interface UpdateRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly options: Readonly<Record<string, string>>;
  readonly deletes: readonly string[];
  readonly reverts: readonly string[];
  readonly force: boolean;
  readonly digest: string | undefined;
  readonly skiplock: boolean;
}

/** The synchronous call. */
export async function updateNow(sim: Sim, process: Process, sent: UpdateRequest): Promise<void> {
  const request = checkRequest(sim, sent);
  await withConfigLock(sim, process, request, async () => {
    checkGuest(sim, request);
    await change(sim, process, request);
  });
}

/** @returns the UPID, or null where the work was done within `delayMs` */
export async function updateInBackground(
  sim: Sim,
  process: Process,
  sent: UpdateRequest,
  delayMs: number | undefined,
): Promise<string | null> {
  const request = checkRequest(sim, sent);
  const { node, vmid } = request;
  const ownLock = profileOfNode(sim.world, node).has('configTaskTakesLock');
  const upid = ownLock ? forkUnlocked(sim, request) : await forkLocked(sim, process, request);
  return await upidOrDone(sim, upid, delayMs, (status) => failure(`failed to update VM ${vmid}: ${status}`));
}

/** The worker takes the lock: having waited too long for it is the task's error (pve-behaviour 27.1). */
function forkUnlocked(sim: Sim, request: UpdateRequest): string {
  checkGuest(sim, request);
  return fork(sim, request, async (worker) => {
    await withConfigLock(sim, worker, request, async () => {
      checkGuest(sim, request);
      await change(sim, worker, request);
    });
  });
}

/** The call takes the lock, and the worker inherits it: of two calls at once with one digest one is refused here (28.2). */
async function forkLocked(sim: Sim, process: Process, request: UpdateRequest): Promise<string> {
  return await withConfigLock(sim, process, request, async (lease) => {
    checkGuest(sim, request);
    const { promise: inherited, resolve } = Promise.withResolvers<void>();
    const upid = fork(sim, request, async (worker) => {
      lease.handTo(worker);
      resolve();
      await change(sim, worker, request);
    });
    await Promise.race([inherited, sim.tasks.ended(upid)]);
    return upid;
  });
}

function fork(sim: Sim, request: UpdateRequest, work: (worker: Process) => Promise<void>): string {
  const { node, vmid, user } = request;
  return sim.tasks.fork({ node, type: 'qmconfig', id: String(vmid), user }, async (worker) => await work(worker));
}

/** What is asked under the lock and before the fork. */
function checkGuest(sim: Sim, request: UpdateRequest): void {
  const guest = requireQemu(sim.world, request.node, request.vmid);
  checkDigest(sim, guest, request.digest);
  if (!request.skiplock) checkNoLock(guest, request.deletes.includes('vmstate') ? 'suspended' : undefined);
  checkBalloon(guest, withReverts(guest, request).options);
}

async function change(sim: Sim, process: Process, sent: UpdateRequest): Promise<void> {
  const { node, vmid, user } = sent;
  process.log(`update VM ${vmid}: ${describe(sent)}`);
  const guest = requireQemu(sim.world, node, vmid);
  checkWritable(sim, node, vmid);
  await applyChanges({ sim, process, user, guest }, withReverts(guest, sent));
}

function describe({ options, deletes, force, reverts, skiplock }: UpdateRequest): string {
  const all: Record<string, string> = {
    ...options,
    ...(deletes.length === 0 ? {} : { delete: deletes.join(',') }),
    ...(reverts.length === 0 ? {} : { revert: reverts.join(',') }),
    ...(force ? { force: '1' } : {}),
    ...(skiplock ? { skiplock: '1' } : {}),
    ...(options['cipassword'] === undefined ? {} : { cipassword: '<hidden>' }),
  };
  return sortedOptions(all)
    .map(([key, value]) => `-${key} ${value}`)
    .join(' ');
}

/** What goes along with the saved RAM of a hibernated guest. */
const HIBERNATION = ['runningcpu', 'runningmachine'];

/** Reverting is setting what is in effect, or deleting what is only pending. */
function withReverts(guest: Guest, request: UpdateRequest): UpdateRequest {
  const options = { ...request.options };
  const deletes = [...request.deletes];
  for (const key of request.reverts) {
    const value = guest.config[key];
    if (value !== undefined) options[key] = value;
    else if (guest.pending[key] !== undefined) deletes.push(key);
  }
  if (deletes.includes('vmstate')) {
    const along = guest.config['lock'] === 'suspended' ? ['lock', ...HIBERNATION] : HIBERNATION;
    deletes.push(...along.filter((key) => guest.config[key] !== undefined));
  }
  return { ...request, options, deletes };
}

function checkRequest(sim: Sim, sent: UpdateRequest): UpdateRequest {
  const request = withCanonicalValues(sim, sent);
  const { options, deletes, reverts, vmid, user, node } = request;
  checkSshKeys(options['sshkeys']);
  if (Object.keys(options).length + deletes.length + reverts.length === 0) throw failure('no options specified');
  checkLists(sim, request);
  checkHookscript(sim, node, options['hookscript']);
  const owner = { node, vmid, user };
  for (const key of deletes) checkRight(sim, owner, key, undefined);
  for (const [key, value] of Object.entries(options)) {
    if (isDriveKey(key)) checkDriveSyntax(key, value);
    if (isDriveKey(key) || isUnusedKey(key)) checkDriveAccess(sim, owner, key, value);
    else checkRight(sim, owner, key, value);
  }
  return request;
}

/** `cdrom` is ide2, a path is the volume it leads to, a NIC without an address gets one, and 1 as a generation id asks for a new one. */
function withCanonicalValues(sim: Sim, request: UpdateRequest): UpdateRequest {
  const options = withoutAliases(request.options);
  for (const [key, value] of Object.entries(options)) {
    if (isNicKey(key)) options[key] = storedOnUpdate(sim, request.node, key, value) ?? value;
    if (isDriveKey(key)) options[key] = withoutPath(sim, request.node, key, value);
  }
  if (options['vmgenid'] === '1') options['vmgenid'] = sim.random.uuid();
  const inRange = withCpuUnitsInRange(sim, request.node, options);
  return { ...request, options: inRange, deletes: request.deletes.map((key) => (key === 'cdrom' ? 'ide2' : key)) };
}

/** Options of a config that nobody sets through the API. */
const INTERNAL = new Set(['meta', 'parent', 'runningcpu', 'runningmachine', 'snaptime', 'vmstate']);

function checkLists(sim: Sim, { node, options, deletes, reverts }: UpdateRequest): void {
  const known = vmOptions(profileOfNode(sim.world, node));
  const check = (list: 'delete' | 'revert', key: string): void => {
    if (known[key] === undefined && !INTERNAL.has(key)) throw parameterError({ [list]: `unknown option '${key}'` });
  };
  const together = (list: string, key: string): string =>
    `you can't use '-${key}' and -${list} ${key}' at the same time`;
  for (const key of reverts) {
    check('revert', key);
    if (options[key] !== undefined) throw parameterError({ delete: together('revert', key) });
  }
  for (const key of deletes) {
    if (options[key] !== undefined) throw parameterError({ delete: together('delete', key) });
    if (reverts.includes(key)) throw parameterError({ revert: together('delete', key) });
    check('delete', key);
  }
}

/** Drives, devices and tags are asked about later, when it is known what is there. */
function checkRight(sim: Sim, owner: OptionOwner, key: string, value: string | undefined): void {
  const { node, user, vmid } = owner;
  if (isDriveKey(key) || isUnusedKey(key) || key === 'tags') return;
  if (key === 'vmstate') return requirePrivilege(sim.world, user, `/vms/${vmid}`, ['VM.Config.Disk', 'VM.PowerMgmt']);
  checkRootOnlyKeys(profileOfNode(sim.world, node), user, [key]);
  if (!isDeviceKey(key)) checkOptionAccess(sim, owner, { key, value });
}

function checkBalloon(guest: Guest, options: Readonly<Record<string, string>>): void {
  if (options['memory'] === undefined && options['balloon'] === undefined) return;
  const balloon = Number(options['balloon'] ?? guest.pending['balloon'] ?? guest.config['balloon'] ?? 0);
  if (balloon > memoryMib({ ...guest.config, ...guest.pending, ...options })) {
    throw failure('balloon value too large (must be smaller than assigned memory)');
  }
}
