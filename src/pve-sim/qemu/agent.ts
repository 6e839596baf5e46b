// The guest agent (pve-behaviour 17): preconditions in PVE's order, then what the system inside answers.
import { failure } from '../pve-error.ts';
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
  const listens =
    agentEnabled(guest.config) && !['silent', 'absent'].includes(guest.behaviour.agent) && run.qmpStatus === 'running';
  if (!listens || sim.clock.now() < run.bootedAt) {
    await sim.pace.wait(sim.durations.agentTimeoutMs);
    throw failure('QEMU guest agent is not running');
  }
  return { guest, run };
}
