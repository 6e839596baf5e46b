// What the calls that write guests have in common: options of the config among the parameters, and parameters for root alone.
import { isRoot } from '../access/root.ts';
import { parameterError } from '../pve-error.ts';
import { vmOptions } from '../schema/vm-options.ts';
import { type Call, textParam } from './endpoint.ts';

/** Parameters that are options of the guest. */
export function optionsOf(call: Call): Record<string, string> {
  const known = vmOptions(call.profile);
  const entries = Object.entries(call.params).filter(([key]) => known[key] !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

/** In PVE's order; most are what a migration tells the other node. */
const ROOT_ONLY = [
  'stateuri',
  'skiplock',
  'keepActive',
  'migratedfrom',
  'migration_type',
  'migration_network',
  'targetstorage',
  'force-cpu',
  'nets-host-mtu',
  'with-conntrack-state',
  'nocheck',
];

/** A token is never root@pam (pve-behaviour 4.3, 5.4); what is switched off is not used. */
export function refuseRootOnly({ params, user }: Call): void {
  if (isRoot(user)) return;
  const used = ROOT_ONLY.find((name) => ![undefined, '', '0'].includes(textParam(params, name)));
  if (used !== undefined) throw parameterError({ [used]: 'Only root may use this option.' });
}
