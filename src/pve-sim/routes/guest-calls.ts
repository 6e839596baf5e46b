// What calls about guests have in common: which guest is meant, options of the config among the parameters, limits, and what is
// for root alone.
import { isRoot } from '../access/root.ts';
import { parameterError } from '../pve-error.ts';
import { vmOptions } from '../schema/vm-options.ts';
import { requireQemu } from '../world/guests.ts';
import { KIB } from '../world/size.ts';
import type { Guest } from '../world/world.ts';
import { type Call, intParam, needInt, needText, textParam } from './endpoint.ts';

export function addressOf({ params }: Call): { readonly node: string; readonly vmid: number } {
  return { node: needText(params, 'node'), vmid: needInt(params, 'vmid') };
}

/** @throws 500 where it is not on the node in the path */
export function guestOf(call: Call): Guest {
  const { node, vmid } = addressOf(call);
  return requireQemu(call.sim.world, node, vmid);
}

/** `bwlimit` is in KiB per second, and 0 is no limit. */
export function bytesPerSecondOf({ params }: Call): number | undefined {
  const limit = intParam(params, 'bwlimit') ?? 0;
  return limit === 0 ? undefined : limit * KIB;
}

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
