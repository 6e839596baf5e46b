// Start, stop, shutdown, reboot, reset and resume (pve-behaviour 12): what each says at once, and its task.
import { isAllowed } from '../access/permissions.ts';
import { ROOT } from '../access/root.ts';
import { isManaged, requestHaStart, requestHaStop } from '../ha/requests.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { checkNoLock, findQemu, requireQemu } from '../world/guests.ts';
import type { Guest, TaskRecord } from '../world/world.ts';
import { bootRun } from './boot-guest.ts';
import { checkQuorum } from './config-file.ts';
import { shutDown, stopByForce } from './shut-down.ts';
import { forkStart, runStart, type StartRequest } from './start.ts';

export interface PowerRequest extends StartRequest {
  readonly timeoutMs: number | undefined;
  /** Root's: whatever config lock there is. */
  readonly skiplock: boolean;
}

export function startGuest(sim: Sim, request: StartRequest): string {
  checkQuorum(sim, request.node);
  return requestHaStart(sim, request) ?? forkStart(sim, request);
}

export interface StopRequest extends PowerRequest {
  /** Ends shutdowns that are waiting for the guest, instead of waiting for them. */
  readonly overruleShutdown: boolean;
}

export function stopGuest(sim: Sim, request: StopRequest): string {
  const { vmid } = request;
  if (request.overruleShutdown && isManaged(sim, vmid)) {
    throw parameterError({ 'overrule-shutdown': 'Not applicable for HA resources.' });
  }
  return requestHaStop(sim, request, 0) ?? forkStop(sim, request);
}

/** Whether HA manages it or not. */
export function forkStop(sim: Sim, request: StopRequest): string {
  const { node, vmid } = request;
  return sim.tasks.fork({ ...start(request), type: 'qmstop' }, async (worker) => {
    if (request.overruleShutdown) endShutdowns(sim, worker, request);
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      const guest = requireHere(sim, node, vmid);
      if (guest.run === undefined) return;
      checkLock(guest, request);
      await stopByForce(sim, worker, guest);
    });
  });
}

/** One's own, and with Sys.Modify on the node everybody's. */
function endShutdowns(sim: Sim, worker: Worker, { node, vmid, user }: StopRequest): void {
  const all = isAllowed(sim.world, user, `/nodes/${node}`, ['Sys.Modify']);
  const isWaiting = (task: TaskRecord): boolean =>
    task.type === 'qmshutdown' && task.id === String(vmid) && task.node === node && task.exitstatus === undefined;
  const overruled = Object.values(sim.world.tasks).filter((task) => isWaiting(task) && (all || task.user === user));
  if (overruled.length === 0) return;
  for (const { upid } of overruled) void sim.tasks.stop(upid);
  worker.log(`overruled qmshutdown tasks: ${overruled.map(({ upid }) => upid).join(', ')}`);
}

export interface ShutdownRequest extends PowerRequest {
  readonly force: boolean;
}

/** A paused guest hears nothing; with `forceStop` it is stopped instead. */
export function shutdownGuest(sim: Sim, request: ShutdownRequest): string {
  if (isPaused(sim, request) && !request.force) throw failure('VM is paused - cannot shutdown');
  return requestHaStop(sim, request, request.timeoutMs) ?? forkShutdown(sim, request);
}

function isPaused(sim: Sim, { node, vmid }: PowerRequest): boolean {
  return standsStill(findQemu(sim.world, node, vmid));
}

/** Whether HA manages it or not. */
export function forkShutdown(sim: Sim, request: ShutdownRequest): string {
  const { node, vmid } = request;
  const byForce = isPaused(sim, request);
  return sim.tasks.fork({ ...start(request), type: 'qmshutdown' }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      const guest = requireHere(sim, node, vmid);
      if (guest.run === undefined) return;
      checkLock(guest, request);
      if (byForce) await stopByForce(sim, worker, guest);
      else await shutDown(sim, worker, guest, request);
    });
  });
}

/** The task ends when the guest is down; the event daemon starts it again a moment later, as root (pve-behaviour 12). */
export function rebootGuest(sim: Sim, request: PowerRequest): string {
  const { node, vmid } = request;
  const guest = requireRunning(sim, node, vmid);
  if (standsStill(guest)) throw failure('VM is paused - cannot shutdown');
  return sim.tasks.fork({ ...start(request), type: 'qmreboot' }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      const current = requireHere(sim, node, vmid);
      if (current.run === undefined) return;
      checkLock(current, request);
      await shutDown(sim, worker, current, { timeoutMs: request.timeoutMs, force: false });
      startAgain(sim, node, vmid);
    });
  });
}

function startAgain(sim: Sim, node: string, vmid: number): void {
  const boot = sim.world.nodes[node]?.bootedAt;
  sim.pace.limit(sim.durations.rebootGapMs, () => {
    const isUp = sim.world.nodes[node]?.online === true && sim.world.nodes[node].bootedAt === boot;
    if (isUp && findQemu(sim.world, node, vmid) !== undefined) startGuest(sim, { node, vmid, user: ROOT });
  });
}

export function resetGuest(sim: Sim, request: PowerRequest): string {
  const { node, vmid } = request;
  requireRunning(sim, node, vmid);
  return sim.tasks.fork({ ...start(request), type: 'qmreset' }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      const guest = requireQemu(sim.world, node, vmid);
      checkLock(guest, request);
      if (guest.run === undefined) throw failure(`VM ${vmid} not running`);
      const { bootedAt, addresses, hasSystem, inside } = bootRun(sim, guest);
      Object.assign(guest.run, { bootedAt, addresses, hasSystem, inside });
      await Promise.resolve();
    });
  });
}

/** A hibernated guest is started from disk; one that runs already is left alone, whatever its lock. */
export async function resumeGuest(sim: Sim, process: Process, request: PowerRequest): Promise<string> {
  const { node, vmid } = request;
  const isHibernated = await isSuspended(sim, process, node, vmid);
  if (!isHibernated) requireRunning(sim, node, vmid);
  return sim.tasks.fork({ ...start(request), type: 'qmresume' }, async (worker) => {
    if (isHibernated) return await runStart(sim, worker, { ...request, timeoutMs: undefined });
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      const guest = await Promise.resolve(requireQemu(sim.world, node, vmid));
      if (guest.run === undefined) throw failure(`VM ${vmid} not running`);
      if (guest.run.qmpStatus === 'running') return;
      if (!request.skiplock) checkNoLock(guest, 'backup');
      guest.run.qmpStatus = 'running';
    });
  });
}

/** Looked up under the config's flock; what cannot be looked up is not hibernated. */
async function isSuspended(sim: Sim, process: Process, node: string, vmid: number): Promise<boolean> {
  try {
    return await withConfigLock(sim, process, { node, vmid }, async () => {
      return await Promise.resolve(findQemu(sim.world, node, vmid)?.config['lock'] === 'suspended');
    });
  } catch {
    return false;
  }
}

/** A guest that its own system has put to sleep, too. */
function standsStill(guest: Guest | undefined): boolean {
  return ['paused', 'prelaunch', 'suspended'].includes(guest?.run?.qmpStatus ?? '');
}

/** Stop and shutdown look for the guest in their task alone, with a text of their own (recording two-node/02). */
function requireHere(sim: Sim, node: string, vmid: number): Guest {
  const guest = findQemu(sim.world, node, vmid);
  if (guest === undefined) throw failure(`unable to find configuration file for VM ${vmid} on node '${node}'`);
  return guest;
}

export function requireRunning(sim: Sim, node: string, vmid: number): Guest {
  const guest = requireHere(sim, node, vmid);
  if (guest.run === undefined) throw failure(`VM ${vmid} not running`);
  return guest;
}

function checkLock(guest: Guest, { skiplock }: PowerRequest): void {
  if (!skiplock) checkNoLock(guest);
}

function start({ node, vmid, user }: PowerRequest): { node: string; id: string; user: string } {
  return { node, id: String(vmid), user };
}
