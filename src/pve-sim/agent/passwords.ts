// `set-user-password`: the agent leaves it to the system's own program.
import { AgentError, type Inside } from './inside.ts';
import { machineOf } from './machine.ts';
import { findProgram } from './shell.ts';

export function setPassword(inside: Inside, user: string, password: string): Record<string, never> | AgentError {
  if (findProgram(machineOf(inside), 'passwd') === undefined) {
    return new AgentError("cannot find 'passwd' program in PATH");
  }
  inside.guest.passwords = { ...inside.guest.passwords, [user]: password };
  return {};
}
