// The way to the agent: what has to be so before it is asked, and what comes back when it does not do as it is told
// (pve-behaviour 17).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { requireAgent } from '../qemu/agent.ts';
import { AgentError, type Inside } from './inside.ts';
import { isBarred } from './queries.ts';

export interface AgentRequest {
  readonly node: string;
  readonly vmid: number;
  /** Without `guest-`. */
  readonly command: string;
}

/** @throws 500 where the agent cannot be asked, or has not answered in time */
export async function askAgent<T>(
  sim: Sim,
  { node, vmid, command }: AgentRequest,
  answer: (inside: Inside) => T,
): Promise<T | AgentError> {
  const { guest, run } = await requireAgent(sim, node, vmid);
  if (guest.behaviour.agent === 'hangs' && command !== 'ping') {
    await sim.pace.wait(sim.durations.agentCommandTimeoutMs);
    throw failure(`VM ${vmid} qga command 'guest-${command}' failed - got timeout`);
  }
  if (guest.behaviour.agent === 'error' && command !== 'ping') {
    return new AgentError(`Command guest-${command} has been disabled`);
  }
  const { inside: state } = run;
  const inside = { guest, state, system: state.system, now: sim.clock.now() };
  if (isBarred(inside, command)) {
    return new AgentError(`Command guest-${command} has been disabled: the agent is in frozen state`);
  }
  return answer(inside);
}

/** What commands with parameters make of the agent's error. */
export function raiseAgentError<T>(answer: T | AgentError): T {
  if (answer instanceof AgentError) throw failure(`Agent error: ${answer.desc}`);
  return answer;
}
