// Power (pve-behaviour 12): every call answers with a UPID.
import { perm, type Rule } from '../access/rules.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import { PveError } from '../pve-error.ts';
import {
  type PowerRequest,
  rebootGuest,
  resetGuest,
  resumeGuest,
  shutdownGuest,
  startGuest,
  stopGuest,
  suspendGuest,
} from '../qemu/power.ts';
import { guestParams, storageProperty } from '../schema/endpoint-params.ts';
import { cidrFormat, nodeFormat, storagePairFormat } from '../schema/formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { machine } from '../schema/machine-options.ts';
import type { Sim } from '../sim.ts';
import { type Call, type Endpoint, intParam, isOn, needInt, needText } from './endpoint.ts';
import { refuseRootOnly } from './guest-options.ts';

const right: Rule = perm('/vms/{vmid}', 'VM.PowerMgmt');
const timeout = optional(integer({ minimum: 0 }));
const skiplock = flag();

const migratedfrom = optional(text({ format: nodeFormat }));

/** Most of them are what a migration says to the other node. */
const startParams = perProfile(
  (profile): Schema => ({
    'force-cpu': optional(text()),
    machine: machine(profile),
    migratedfrom,
    migration_network: optional(text({ format: cidrFormat })),
    migration_type: optional(choice('secure', 'insecure')),
    ...(profile.has('migratedMtu') ? { 'nets-host-mtu': optional(text({ pattern: /net\d+=\d+(,net\d+=\d+)*/ })) } : {}),
    skiplock,
    stateuri: optional(text({ maxLength: 128 })),
    targetstorage: listText(storagePairFormat),
    timeout,
    ...(profile.has('migratedConntrack') ? { 'with-conntrack-state': flag() } : {}),
  }),
);

const stopParams = perProfile(
  (profile): Schema => ({
    keepActive: flag(),
    migratedfrom,
    ...(profile.has('overruleShutdown') ? { 'overrule-shutdown': flag() } : {}),
    skiplock,
    timeout,
  }),
);

type Params = Schema | ((profile: Profile) => Schema);

function power(act: string, more: Params, run: (sim: Sim, request: PowerRequest) => string): Endpoint {
  return {
    method: 'POST',
    path: `/nodes/{node}/qemu/{vmid}/status/${act}`,
    params:
      typeof more === 'function'
        ? perProfile((profile) => ({ ...guestParams, ...more(profile) }))
        : { ...guestParams, ...more },
    allow: right,
    handle: (call) => {
      refuseRootOnly(call);
      return run(call.sim, powerRequest(call));
    },
  };
}

export const QEMU_POWER: readonly Endpoint[] = [
  power('start', startParams, startGuest),
  power('stop', stopParams, stopGuest),
  power('shutdown', { timeout, skiplock, keepActive: flag(), forceStop: flag() }, shutdownGuest),
  power('reboot', { timeout }, rebootGuest),
  power('reset', { skiplock }, resetGuest),
  power(
    'suspend',
    { skiplock, todisk: flag(), statestorage: { ...storageProperty, optional: true, requires: 'todisk' } },
    suspendGuest,
  ),
  power('resume', { skiplock, nocheck: flag() }, resumeGuest),
];

function powerRequest({ params, user }: Call): PowerRequest {
  if (isOn(params, 'todisk')) throw new PveError(501, 'pve-sim does not play suspend with todisk');
  const seconds = intParam(params, 'timeout');
  return {
    node: needText(params, 'node'),
    vmid: needInt(params, 'vmid'),
    user,
    timeoutMs: seconds === undefined ? undefined : seconds * 1000,
    force: isOn(params, 'forceStop'),
    overruleShutdown: isOn(params, 'overrule-shutdown'),
  };
}
