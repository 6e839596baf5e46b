// How a guest goes down through the API: asked by its agent or its power button, or by force (pve-behaviour 12). The caller
// holds the config's flock all the time.
import { failure } from '../pve-error.ts';
import { isQuorate } from '../nodes/membership.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import type { Guest, GuestRun } from '../world/world.ts';
import { agentAnswers } from './agent.ts';
import { applyPending } from './apply-pending.ts';
import { endRun, runEnded } from './run-end.ts';
import { startupOf } from './startup.ts';

/** Where neither the call nor the guest's `startup` says how long to wait. */
const SHUTDOWN_TIMEOUT_MS = 60_000;

/** QEMU is told to quit. */
export async function stopByForce(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  await worker.work(sim.durations.stopMs);
  endRun(guest);
  await cleanUp(sim, worker, guest);
}

export interface ShutDown {
  readonly timeoutMs: number | undefined;
  /** Stop what does not go down in time. */
  readonly force: boolean;
}

/** @throws where it does not go down in time and is not to be forced */
export async function shutDown(sim: Sim, worker: Worker, guest: Guest, { timeoutMs, force }: ShutDown): Promise<void> {
  const { run } = guest;
  if (run === undefined) return;
  const byAgent = await agentAnswers(sim, worker, guest);
  askSystem(sim, guest, run, byAgent);
  await Promise.race([runEnded(run), worker.wait(timeoutMs ?? startupDownMs(guest) ?? SHUTDOWN_TIMEOUT_MS)]);
  // A killed worker must not go on.
  await worker.work(0);
  if (guest.run === run && !force) throw failure('VM quit/powerdown failed - got timeout');
  if (guest.run !== run) return await cleanUp(sim, worker, guest);
  worker.log('VM still running - terminating now with SIGTERM');
  await stopByForce(sim, worker, guest);
}

/** The system inside goes down at its own pace, whether somebody waits for it or not; one that has not booted yet waits. */
function askSystem(sim: Sim, guest: Guest, run: GuestRun, byAgent: boolean): void {
  const { guestShutdownMs, slowGuestShutdownMs } = sim.durations;
  if (!run.hasSystem || guest.behaviour.shutdown === 'never') return;
  const untilBooted = byAgent ? 0 : Math.max(0, run.bootedAt - sim.clock.now());
  const needsMs = guest.behaviour.shutdown === 'slow' ? slowGuestShutdownMs : guestShutdownMs;
  sim.pace.limit(untilBooted + needsMs, () => {
    if (guest.run === run && run.qmpStatus === 'running') endRun(guest);
  });
}

function startupDownMs({ config }: Guest): number | undefined {
  const { down } = startupOf(config);
  return down === undefined ? undefined : Number(down) * 1000;
}

/** Down through the API: pending changes become current (pve-behaviour 11.8). */
async function cleanUp(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  // Without quorum the file cannot be written: they stay pending, and the guest is down all the same.
  if (isQuorate(sim.world, guest.node)) await applyPending({ sim, process: worker, user: worker.user, guest });
}
