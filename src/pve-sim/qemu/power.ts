// Stop, shutdown, reboot, reset, suspend and resume (pve-behaviour 12). Start has a file of its own.
import { managedResource } from '../ha/ha-config.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { isQuorate } from '../nodes/membership.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { checkNoLock, findQemu, isTemplate, requireQemu } from '../world/guests.ts';
import type { Guest, HaResource, TaskRecord } from '../world/world.ts';
import { applyPending } from './apply-pending.ts';
import { bootRun } from './boot-guest.ts';
import { checkQuorum } from './config-file.ts';
import { forkStart } from './start.ts';

export interface PowerRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly timeoutMs: number | undefined;
  readonly force: boolean;
  /** Ends shutdowns that are waiting for the guest, instead of waiting for them. */
  readonly overruleShutdown: boolean;
}

/** pve-behaviour 12: `startup` down, else 60 s. */
const SHUTDOWN_TIMEOUT_MS = 60_000;

export function startGuest(sim: Sim, request: PowerRequest): string {
  checkQuorum(sim, request.node);
  return queueHa(sim, request, 'hastart', 'started') ?? forkStart(sim, request.node, request.vmid, request.user);
}

export function stopGuest(sim: Sim, request: PowerRequest): string {
  const { node, vmid } = request;
  if (request.overruleShutdown && managedResource(sim.world, `vm:${vmid}`) !== undefined) {
    throw parameterError({ 'overrule-shutdown': 'Not applicable for HA resources.' });
  }
  const managed = queueHa(sim, request, 'hastop', 'stopped');
  if (managed !== undefined) return managed;
  if (request.overruleShutdown) endShutdowns(sim, node, vmid);
  return fork(sim, request, 'qmstop', async (worker) => {
    const guest = requireHere(sim, node, vmid);
    if (guest.run === undefined) return;
    checkNoLock(guest, 'suspended');
    await worker.work(sim.durations.stopMs);
    await goDown(sim, worker, guest);
  });
}

function endShutdowns(sim: Sim, node: string, vmid: number): void {
  const isWaiting = ({ type, id, exitstatus, ...task }: TaskRecord): boolean =>
    type === 'qmshutdown' && id === String(vmid) && task.node === node && exitstatus === undefined;
  for (const { upid } of Object.values(sim.world.tasks).filter(isWaiting)) void sim.tasks.stop(upid);
}

export function shutdownGuest(sim: Sim, request: PowerRequest): string {
  const { node, vmid } = request;
  checkNotPaused(findQemu(sim.world, node, vmid), request);
  const managed = queueHa(sim, request, 'hastop', 'stopped');
  if (managed !== undefined) return managed;
  return fork(sim, request, 'qmshutdown', async (worker) => {
    if (requireHere(sim, node, vmid).run !== undefined) await powerDown(sim, worker, request);
  });
}

/** The task ends when the guest is down; the event daemon starts it again a moment later, as root (pve-behaviour 12). */
export function rebootGuest(sim: Sim, request: PowerRequest): string {
  const { node, vmid } = request;
  const guest = requireQemu(sim.world, node, vmid);
  if (guest.run === undefined) throw failure(`VM ${vmid} not running`);
  checkNotPaused(guest, request);
  return fork(sim, request, 'qmreboot', async (worker) => {
    await powerDown(sim, worker, request);
    const boot = sim.world.nodes[node]?.bootedAt;
    sim.pace.limit(sim.durations.rebootGapMs, () => {
      const stays = sim.world.guests[vmid]?.node === node;
      if (stays && isUp(sim, node) && sim.world.nodes[node]?.bootedAt === boot) forkStart(sim, node, vmid, 'root@pam');
    });
  });
}

export function resetGuest(sim: Sim, request: PowerRequest): string {
  const { node, vmid } = request;
  const guest = requireQemu(sim.world, node, vmid);
  if (guest.run === undefined) throw failure(`VM ${vmid} not running`);
  return fork(sim, request, 'qmreset', async () => {
    const current = requireQemu(sim.world, node, vmid);
    checkNoLock(current);
    if (current.run === undefined) throw failure(`VM ${vmid} not running`);
    const { pid, startedAt, qmpStatus } = current.run;
    current.run = { ...bootRun(sim, current), pid, startedAt, qmpStatus };
  });
}

export function suspendGuest(sim: Sim, request: PowerRequest): string {
  return pauseOrResume(sim, request, 'qmpause', 'paused');
}

export function resumeGuest(sim: Sim, request: PowerRequest): string {
  return pauseOrResume(sim, request, 'qmresume', 'running');
}

function pauseOrResume(sim: Sim, request: PowerRequest, type: string, state: 'paused' | 'running'): string {
  const { node, vmid } = request;
  const guest = requireQemu(sim.world, node, vmid);
  if (guest.run === undefined) throw failure(`VM ${vmid} not running`);
  if (state === 'running' && isTemplate(guest)) throw failure(`VM ${vmid} is a template and cannot be resumed!`);
  return fork(sim, request, type, async () => {
    const current = requireQemu(sim.world, node, vmid);
    checkNoLock(current);
    if (current.run === undefined) throw failure(`VM ${vmid} not running`);
    current.run.qmpStatus = state;
  });
}

/** Stop and shutdown look for the guest in their task alone, with a text of their own (recording two-node/02). */
function requireHere(sim: Sim, node: string, vmid: number): Guest {
  const guest = findQemu(sim.world, node, vmid);
  if (guest === undefined) throw failure(`unable to find configuration file for VM ${vmid} on node '${node}'`);
  return guest;
}

function checkNotPaused(guest: Guest | undefined, request: PowerRequest): void {
  if (guest?.run?.qmpStatus === 'paused' && !request.force) throw failure('VM is paused - cannot shutdown');
}

function fork(sim: Sim, request: PowerRequest, type: string, work: (worker: Worker) => Promise<void>): string {
  const { node, vmid, user } = request;
  return sim.tasks.fork({ node, type, id: String(vmid), user }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => await work(worker));
  });
}

/** Asks the guest, which may be slow or not listen; holds the lock all the time. */
async function powerDown(sim: Sim, worker: Worker, request: PowerRequest): Promise<void> {
  const { node, vmid } = request;
  const guest = requireQemu(sim.world, node, vmid);
  checkNoLock(guest);
  const timeoutMs = request.timeoutMs ?? SHUTDOWN_TIMEOUT_MS;
  const needsMs = shutdownMs(sim, guest);
  await worker.work(Math.min(needsMs, timeoutMs));
  if (needsMs > timeoutMs) {
    if (!request.force) throw failure('VM quit/powerdown failed - got timeout');
    await worker.work(sim.durations.stopMs);
  }
  await goDown(sim, worker, guest);
}

/** A guest that has not booted yet does not hear the button. */
function shutdownMs(sim: Sim, guest: Guest): number {
  const { guestShutdownMs, slowGuestShutdownMs } = sim.durations;
  if (guest.behaviour.shutdown === 'never') return Number.POSITIVE_INFINITY;
  const untilBooted = Math.max(0, (guest.run?.bootedAt ?? 0) - sim.clock.now());
  return untilBooted + (guest.behaviour.shutdown === 'slow' ? slowGuestShutdownMs : guestShutdownMs);
}

/** Down through the API: pending changes become current (pve-behaviour 11.8). */
async function goDown(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  guest.run = undefined;
  // Without quorum the file cannot be written: they stay pending, and the guest is down all the same.
  if (isQuorate(sim.world, guest.node)) await applyPending({ sim, process: worker, user: worker.user, guest });
}

/**
 * Guests under HA: the task tells the manager and is done (pve-behaviour 12, 26). A start is written down as the wanted
 * state, a stop is a command that waits for the manager (recording one-node/110).
 */
function queueHa(sim: Sim, request: PowerRequest, type: string, state: 'started' | 'stopped'): string | undefined {
  const { node, vmid, user } = request;
  const resource = managedResource(sim.world, `vm:${vmid}`);
  if (resource === undefined) return undefined;
  return sim.tasks.fork({ node, type, id: String(vmid), user }, async (worker) => {
    worker.log(`Requesting HA ${state === 'started' ? 'start' : 'stop'} for VM ${vmid}`);
    await worker.work(sim.durations.haRequestMs);
    if (state === 'started') resource.options['state'] = state;
    sim.pace.limit(sim.durations.rebootGapMs, () => carryOutHa(sim, request, resource, state));
  });
}

function isUp(sim: Sim, node: string): boolean {
  return sim.world.nodes[node]?.online === true;
}

function carryOutHa(sim: Sim, request: PowerRequest, resource: HaResource, state: 'started' | 'stopped'): void {
  const { vmid } = request;
  const guest = sim.world.guests[vmid];
  if (guest === undefined || !isUp(sim, guest.node) || !sim.world.ha.managers.includes(guest.node)) return;
  resource.options['state'] = state;
  resource.serviceState = state === 'started' ? 'started' : 'request_stop';
  const byManager = { ...request, node: guest.node, user: 'root@pam' };
  if (state === 'started') return void forkStart(sim, guest.node, vmid, 'root@pam');
  fork(sim, byManager, 'qmshutdown', async (worker) => {
    if (requireQemu(sim.world, guest.node, vmid).run !== undefined)
      await powerDown(sim, worker, { ...byManager, force: true });
  });
}
