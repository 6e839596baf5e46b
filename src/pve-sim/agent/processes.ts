// `exec` and `exec-status`: processes that the agent starts and whose ends it keeps until they are asked for.
import type { ExecProcess, GuestInside } from '../world/world.ts';
import { AgentError, type Inside } from './inside.ts';
import { machineOf } from './machine.ts';
import { findProgram, runProgram } from './shell.ts';

/** @returns undefined where the guest has no such program */
export function execute(inside: Inside, command: readonly string[], input: string): { pid: number } | undefined {
  const [name = '', ...args] = command;
  const machine = machineOf(inside);
  const path = findProgram(machine, name);
  if (path === undefined) return undefined;
  const { tookMs, ...outcome } = runProgram(machine, path, args, input);
  const pid = nextPid(inside.state);
  inside.state.processes[pid] = { endsAt: inside.now + tookMs, ...outcome };
  return { pid };
}

/** Others start processes in between. */
const PID_STEP = 3;

function nextPid(state: GuestInside): number {
  state.lastPid += PID_STEP;
  return state.lastPid;
}

/** An end is told once. */
export function processStatus({ state, now }: Inside, pid: number): Record<string, unknown> | AgentError {
  const known = state.processes[pid];
  if (known === undefined) return new AgentError("Invalid parameter 'pid'");
  if (now < known.endsAt) return { exited: 0 };
  delete state.processes[pid];
  return { exited: 1, exitcode: known.exitcode, ...output('out', known), ...output('err', known) };
}

function output(stream: 'out' | 'err', known: ExecProcess): Record<string, unknown> {
  return known[stream] === '' ? {} : { [`${stream}-data`]: known[stream], [`${stream}-truncated`]: 0 };
}
