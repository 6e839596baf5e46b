// `PUT` and `POST .../config` (pve-behaviour 11): what is refused before anything is written, then the change itself.
import { checkTagChange } from '../access/tag-rights.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import type { Process } from '../process.ts';
import { failure, parameterError } from '../pve-error.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Schema } from '../schema/property.ts';
import { vmOptions } from '../schema/vm-options.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { isDriveKey, isUnusedKey, parseDrive } from '../world/drive.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { splitList } from '../world/tags.ts';
import type { Guest } from '../world/world.ts';
import { applyChanges } from './apply-changes.ts';
import { checkDigest, checkWritable } from './config-file.ts';
import { checkDriveAccess } from './drive-checks.ts';
import { withoutPath } from './drive-path.ts';
import { memoryMib } from './guest-status.ts';
import { checkOptionAccess, checkRootOnly, checkRootOnlyDeletes } from './option-access.ts';
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
}

/** The synchronous call. */
export async function updateNow(sim: Sim, process: Process, sent: UpdateRequest): Promise<void> {
  const request = checkUpdate(sim, sent);
  await underLock(sim, process, request, async (guest) => {
    await change(sim, process, guest, request);
  });
}

/**
 * The lock is taken once before the fork, so that a guest that is locked or busy is told at once, and again by the worker.
 * @returns the UPID, or null where the work was done within `delayMs`
 */
export async function updateInBackground(
  sim: Sim,
  process: Process,
  sent: UpdateRequest,
  delayMs: number | undefined,
): Promise<string | null> {
  const request = checkUpdate(sim, sent);
  const { node, vmid, user } = request;
  await underLock(sim, process, request, async () => await Promise.resolve());
  const upid = sim.tasks.fork({ node, type: 'qmconfig', id: String(vmid), user }, async (worker: Worker) => {
    worker.log(`update VM ${vmid}: ${describe(request)}`);
    await underLock(sim, worker, request, async (guest) => {
      await change(sim, worker, guest, request);
    });
  });
  if (delayMs === undefined) return upid;
  await Promise.race([sim.tasks.ended(upid), sim.pace.wait(delayMs)]);
  const status = sim.world.tasks[upid]?.exitstatus;
  if (status === undefined) return upid;
  if (status === 'OK' || status.startsWith('WARNINGS')) return null;
  throw failure(`failed to update VM ${vmid}: ${status}`);
}

/** Which tags may change is asked under the lock, once the old ones are known: a task tells it as its error. */
async function change(sim: Sim, process: Process, guest: Guest, request: UpdateRequest): Promise<void> {
  const tags = request.deletes.includes('tags') ? '' : request.options['tags'];
  if (tags !== undefined) checkTagChange(sim.world, request.user, guest.config['tags'] ?? '', tags);
  checkWritable(sim, request.node, request.vmid);
  await applyChanges(sim, process, guest, request);
}

async function underLock(
  sim: Sim,
  process: Process,
  request: UpdateRequest,
  work: (guest: Guest) => Promise<void>,
): Promise<void> {
  const { node, vmid, digest } = request;
  await withConfigLock(sim, process, { node, vmid }, async () => {
    const guest = requireQemu(sim.world, node, vmid);
    checkDigest(guest, digest);
    checkNoLock(guest);
    await work(guest);
  });
}

function describe(request: UpdateRequest): string {
  const sets = Object.entries(request.options)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `-${key} ${key === 'cipassword' ? '<hidden>' : value}`);
  return [...sets, ...(request.deletes.length === 0 ? [] : [`-delete ${request.deletes.join(',')}`])].join(' ');
}

function checkUpdate(sim: Sim, sent: UpdateRequest): UpdateRequest {
  const request = withoutAliases(sim, sent);
  const { options, deletes, reverts, vmid, user, node } = request;
  checkRootOnly(options, 'modify');
  checkRootOnlyDeletes(deletes);
  checkSshKeys(options['sshkeys']);
  if (Object.keys(options).length + deletes.length + reverts.length === 0) throw failure('no options specified');
  checkLists(request, vmOptions(profileOfNode(sim.world, request.node)));
  const guest = requireQemu(sim.world, node, vmid);
  checkDigest(guest, request.digest);
  const owner = { node, vmid, user };
  for (const key of [...deletes, ...reverts]) {
    checkOptionAccess(sim, owner, { key, value: undefined, old: guest.config[key] });
  }
  for (const [key, value] of Object.entries(options)) {
    checkOptionAccess(sim, owner, { key, value, old: guest.config[key] });
    if (isDriveKey(key) || isUnusedKey(key)) checkDriveAccess(sim, owner, key, value);
  }
  checkMemory(guest, options);
  checkBoot(guest, options, deletes);
  checkProtection(guest, deletes);
  return request;
}

/** `cdrom` is ide2; a path is turned into the volume that it is. */
function withoutAliases(sim: Sim, request: UpdateRequest): UpdateRequest {
  const { cdrom, ...rest } = request.options;
  const options =
    cdrom === undefined ? rest : { ...rest, ide2: cdrom.includes('media=') ? cdrom : `${cdrom},media=cdrom` };
  const entries = Object.entries(options).map(([key, value]): [string, string] => [
    key,
    isDriveKey(key) ? withoutPath(sim, request.node, key, value) : value,
  ]);
  return { ...request, options: Object.fromEntries(entries) };
}

function checkLists(request: UpdateRequest, known: Schema): void {
  const both = (key: string, list: string): void => {
    if (request.options[key] === undefined) return;
    throw parameterError({ delete: `you can't use '-${key}' and -${list} ${key}' at the same time` });
  };
  for (const list of ['delete', 'revert'] as const) {
    for (const key of list === 'delete' ? request.deletes : request.reverts) {
      if (known[key] === undefined) throw parameterError({ [list]: `unknown option '${key}'` });
      both(key, list);
    }
  }
}

function checkMemory(guest: Guest, options: Readonly<Record<string, string>>): void {
  if (options['memory'] === undefined && options['balloon'] === undefined) return;
  const balloon = Number(options['balloon'] ?? guest.config['balloon'] ?? 0);
  if (balloon > memoryMib({ ...guest.config, ...options })) {
    throw failure('balloon value too large (must be smaller than assigned memory)');
  }
}

function checkBoot(guest: Guest, options: Readonly<Record<string, string>>, deletes: readonly string[]): void {
  const order = /^order=(.*)$/.exec(options['boot'] ?? '')?.[1];
  for (const device of splitList(order ?? '')) {
    const known = options[device] ?? guest.pending[device] ?? guest.config[device];
    if (known === undefined || deletes.includes(device))
      throw failure(`invalid bootorder: device '${device}' does not exist'`);
  }
}

function checkProtection(guest: Guest, deletes: readonly string[]): void {
  if (guest.config['protection'] !== '1') return;
  for (const key of deletes) {
    const value = guest.config[key];
    if (value === undefined || !(isDriveKey(key) || isUnusedKey(key))) continue;
    if (!parseDrive(value).options['media']) throw failure(`can't remove drive '${key}' - protection mode enabled`);
  }
}
