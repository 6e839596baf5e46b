// What the calls that write guests have in common: options of the config among the parameters, and parameters for root alone.
import { parameterError } from '../pve-error.ts';
import { isRoot } from '../qemu/option-access.ts';
import { vmOptions } from '../schema/vm-options.ts';
import type { Call } from './endpoint.ts';

/** Parameters that are options of the guest. */
export function optionsOf(call: Call): Record<string, string> {
  const known = vmOptions(call.profile);
  const entries = Object.entries(call.params).filter(([key]) => known[key] !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

/** A token is never root@pam (pve-behaviour 4.3, 5.4). */
export function refuseRootOnly({ params, user }: Call): void {
  if (isRoot(user)) return;
  const used = ['skiplock', 'keepActive'].find((name) => params[name] !== undefined);
  if (used !== undefined) throw parameterError({ [used]: 'Only root may use this option.' });
}
