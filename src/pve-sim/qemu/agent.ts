// What has to be so before a guest's agent is asked, in PVE's order (pve-behaviour 17).
import { failure } from '../pve-error.ts';
import type { Process } from '../process.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import { requireQemu } from '../world/guests.ts';
import type { Guest, GuestRun } from '../world/world.ts';
import { agentEnabled } from './guest-status.ts';

/** @throws 500, the last one after the 3 s that PVE waits for a silent agent */
export async function requireAgent(sim: Sim, node: string, vmid: number): Promise<{ guest: Guest; run: GuestRun }> {
  const guest = requireQemu(sim.world, node, vmid);
  if (guest.config['agent'] === undefined) throw failure('No QEMU guest agent configured');
  const { run } = guest;
  if (run === undefined) throw failure(`VM ${vmid} is not running`);
  if (!agentListens(sim, guest, run)) {
    await sim.pace.wait(sim.durations.agentTimeoutMs);
    throw failure('QEMU guest agent is not running');
  }
  return { guest, run };
}

function agentListens(sim: Sim, guest: Guest, run: GuestRun): boolean {
  const isThere = agentEnabled(guest.config) && run.hasSystem && !['silent', 'absent'].includes(guest.behaviour.agent);
  return isThere && run.qmpStatus === 'running' && sim.clock.now() >= run.bootedAt;
}

/** Asks before a guest is frozen or shut down through it; a silent agent costs the time-out and leaves a line in the log. */
export async function agentAnswers(sim: Sim, process: Process, guest: Guest): Promise<boolean> {
  const { run } = guest;
  if (run === undefined || !agentEnabled(guest.config)) return false;
  if (agentListens(sim, guest, run)) return true;
  await process.wait(sim.durations.agentTimeoutMs);
  const socket = profileOfNode(sim.world, guest.node).has('qgaCommandText') ? 'qga' : 'qmp';
  process.log(`QEMU Guest Agent is not running - VM ${guest.vmid} ${socket} command 'guest-ping' failed - got timeout`);
  return false;
}
