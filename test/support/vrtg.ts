// The command `vrtg` in this process, against a simulator, and its remedies carried out as root would.
import { runVrtg } from '#cli/vrtg/program';
import type { Pve } from '#pve/connection/pve';
import { requireSuccess, settle } from '#pve/tasks';
import type { Simulator } from '#pve-sim/simulator';
import { deadlineIn } from '#runtime/deadline';
import { providerEnvironment } from './flow.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function vrtg(
  sim: Simulator,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runVrtg({
    args: [...args, `--time-scale=${sim.clock.factor}`],
    version: 'test',
    environment: { ...providerEnvironment(sim, 0), VIRTRIGAUD_CREDENTIALS_DIR: '/nonexistent', ...environment },
    interrupted: new AbortController().signal,
    write: (text) => void out.push(text),
    writeError: (text) => void err.push(text),
  });
  return { code, out: out.join(''), err: err.join('') };
}

/** Carries out lines that `vrtg` tells a person to run on `node`. */
export async function runAsRoot(sim: Simulator, pve: Pve, node: string, commands: readonly string[]): Promise<void> {
  for (const command of commands) await runLine(sim, pve, node, command);
}

async function runLine(sim: Simulator, pve: Pve, node: string, command: string): Promise<void> {
  const call = deadlineIn(60_000);
  const [, vmid = ''] = /^qm (?:unlock|destroy) (\d+)$/.exec(command) ?? [];
  if (command.startsWith('qm unlock ')) return unlock(sim, node, Number(vmid));
  const path = pathOf(command, node, vmid);
  requireSuccess(await settle(pve, await pve.delete(path, call), call));
}

/** No API call does this. */
function unlock(sim: Simulator, node: string, vmid: number): void {
  const guest = sim.world.guests[vmid];
  if (guest?.node !== node) throw new Error(`there is no VM ${vmid} on ${node}`);
  delete guest.config['lock'];
}

function pathOf(command: string, node: string, vmid: string): string {
  if (command.startsWith('qm destroy ')) return `/nodes/${node}/qemu/${vmid}`;
  const [, deleted] = /^pvesh delete (\/\S+)$/.exec(command) ?? [];
  if (deleted !== undefined) return deleted;
  const [, storage = '', rest = ''] = /^pvesm free ([^:]+):(\S+)$/.exec(command) ?? [];
  if (storage === '') throw new Error(`no line for a shell: ${command}`);
  return `/nodes/${node}/storage/${storage}/content/${encodeURIComponent(`${storage}:${rest}`)}`;
}
