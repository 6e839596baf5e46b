// Starting a guest (pve-behaviour 12): pending changes become current, then QEMU runs; from where it was left, where its RAM
// was saved.
import { withConfigLock } from '../locks/config-lock.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { checkNoLock, isTemplate, requireQemu } from '../world/guests.ts';
import { isNicKey } from '../world/net.ts';
import type { Guest } from '../world/world.ts';
import { applyPending } from './apply-pending.ts';
import { bootRun } from './boot-guest.ts';
import { memoryMib } from './guest-status.ts';
import { prepareStart, runQemu } from './start-checks.ts';
import { freeVmstate, withoutVmstate } from './vmstate.ts';

export interface StartRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly timeoutMs?: number | undefined;
  readonly skiplock?: boolean;
}

/** @returns the UPID */
export function forkStart(sim: Sim, request: StartRequest): string {
  const { node, vmid, user } = request;
  return sim.tasks.fork(
    { node, type: 'qmstart', id: String(vmid), user },
    async (worker) => await runStart(sim, worker, request),
  );
}

/** A hibernated guest goes on from disk; one that is being backed up runs in its QEMU already and is only let go. */
export async function runStart(sim: Sim, worker: Worker, request: StartRequest): Promise<void> {
  const { node, vmid } = request;
  await withConfigLock(sim, worker, { node, vmid }, async () => {
    const guest = requireQemu(sim.world, node, vmid);
    if (isTemplate(guest)) throw failure("you can't start a vm if it's a template");
    const { lock, vmstate } = guest.config;
    if (lock === 'backup' && guest.run !== undefined) {
      guest.run.qmpStatus = 'running';
      return;
    }
    if (request.skiplock !== true) checkNoLock(guest, 'suspended');
    if (guest.run !== undefined) throw failure(`VM ${vmid} already running`);
    const fromDisk = lock === 'suspended' || vmstate !== undefined;
    if (fromDisk) worker.log('Resuming suspended VM');
    await applyPending({ sim, process: worker, user: worker.user, guest });
    await prepareStart(sim, worker, guest);
    if (vmstate !== undefined) logState(worker, guest, vmstate);
    await launch(sim, worker, guest, request.timeoutMs ?? startTimeoutMs(guest, fromDisk));
    if (vmstate !== undefined) await loadState(sim, worker, guest);
    if (fromDisk) await forgetState(sim, worker, guest);
  });
}

/** A snapshot's RAM: the guest runs on as it was then. */
export async function runFromState(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  await prepareStart(sim, worker, guest);
  await launch(sim, worker, guest, startTimeoutMs(guest, true));
  await loadState(sim, worker, guest);
}

/** At least 30 s, a second per GiB, and 300 s to read a state (pve-behaviour 12). */
function startTimeoutMs(guest: Guest, fromDisk: boolean): number {
  return Math.max(fromDisk ? 300 : 30, memoryMib(guest.config) / 1024) * 1000;
}

/** The process is there, and seen to run, well before the task has set up everything around it (recording one-node/70). */
const PROCESS_AFTER = 0.1;

async function launch(sim: Sim, worker: Worker, guest: Guest, timeoutMs: number): Promise<void> {
  const startMs = sim.durations.startMs + sim.durations.startNicMs * Object.keys(guest.config).filter(isNicKey).length;
  if (timeoutMs > 0 && timeoutMs < startMs) {
    await worker.wait(timeoutMs);
    throw failure(`start failed: command '/usr/bin/kvm -id ${guest.vmid}' failed: got timeout`);
  }
  await worker.work(startMs * PROCESS_AFTER);
  runQemu(sim, worker, guest);
  guest.run = bootRun(sim, guest);
  await worker.work(startMs * (1 - PROCESS_AFTER));
}

/** The system inside was up when it was saved. */
async function loadState(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  await worker.work(sim.durations.saveStateMs);
  if (guest.run !== undefined) guest.run.bootedAt = sim.clock.now();
}

function logState(worker: Worker, { config }: Guest, vmstate: string): void {
  for (const nic of config['running-nets-host-mtu']?.split(',') ?? []) {
    const [name, mtu] = nic.split('=');
    if (mtu === '0') worker.log(`netdev ${name}: not adding 'host_mtu' parameter for migration compat`);
  }
  worker.log(`activating and using '${vmstate}' as vmstate`);
}

async function forgetState(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  worker.log('Resumed VM, removing state');
  const { vmstate } = guest.config;
  if (vmstate !== undefined) await freeVmstate(sim, worker, guest, vmstate);
  const { lock: _, ...config } = withoutVmstate(guest.config);
  guest.config = config;
}
