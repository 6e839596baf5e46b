// The moment in which all mirrored disks of a running guest are cut off together: its file systems are frozen by its agent, or
// the guest stands still (recordings one-node/51, 60 and 64).
import type { Process } from '../process.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import type { Guest } from '../world/world.ts';
import { agentAnswers } from './agent.ts';
import { agentEnabled } from './guest-status.ts';

export async function finishMirrors(sim: Sim, process: Process, guest: Guest, keys: readonly string[]): Promise<void> {
  const [before, after] = await stillness(sim, process, guest);
  process.log(before);
  for (const key of keys) process.log(`drive-${key}: Cancelling block job`);
  for (const key of keys) process.log(`drive-${key}: Done.`);
  process.log(after);
}

/** @returns what the log says before and after */
async function stillness(sim: Sim, process: Process, guest: Guest): Promise<[string, string]> {
  const explains = profileOfNode(sim.world, guest.node).has('freezeExplained');
  const agentNeeded = agentEnabled(guest.config);
  if (await agentAnswers(sim, process, guest)) {
    return explains
      ? ["issuing guest agent 'guest-fsfreeze-freeze' command", "issuing guest agent 'guest-fsfreeze-thaw' command"]
      : ['freeze filesystem', 'unfreeze filesystem'];
  }
  if (explains) {
    process.log(
      agentNeeded
        ? "skipping guest agent 'guest-fsfreeze-freeze' command: the agent is not running inside of the guest"
        : "skipping guest-agent 'guest-fsfreeze-freeze', disabled in VM options",
    );
  }
  return ['suspend vm', 'resume vm'];
}
