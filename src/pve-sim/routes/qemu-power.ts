// Power (pve-behaviour 12): every call answers with a UPID.
import { perm, type Rule } from '../access/rules.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import {
  type PowerRequest,
  rebootGuest,
  resetGuest,
  resumeGuest,
  shutdownGuest,
  startGuest,
  stopGuest,
} from '../qemu/power.ts';
import { suspendGuest } from '../qemu/suspend.ts';
import { guestParams, storageProperty } from '../schema/endpoint-params.ts';
import { cidrFormat, nodeFormat, storagePairFormat } from '../schema/formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { machine } from '../schema/machine-options.ts';
import { type Call, type Endpoint, isOn, secondsParam, textParam } from './endpoint.ts';
import { addressOf, refuseRootOnly } from './guest-calls.ts';

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

function power(
  act: string,
  more: Params,
  run: (call: Call, request: PowerRequest) => string | Promise<string>,
): Endpoint {
  return {
    method: 'POST',
    path: `/nodes/{node}/qemu/{vmid}/status/${act}`,
    params:
      typeof more === 'function'
        ? perProfile((profile) => ({ ...guestParams, ...more(profile) }))
        : { ...guestParams, ...more },
    allow: right,
    handle: async (call) => {
      refuseRootOnly(call);
      return await run(call, powerRequest(call));
    },
  };
}

export const QEMU_POWER: readonly Endpoint[] = [
  power('start', startParams, ({ sim }, request) => startGuest(sim, request)),
  power('stop', stopParams, ({ sim, params }, request) =>
    stopGuest(sim, { ...request, overruleShutdown: isOn(params, 'overrule-shutdown') }),
  ),
  power('shutdown', { timeout, skiplock, keepActive: flag(), forceStop: flag() }, ({ sim, params }, request) =>
    shutdownGuest(sim, { ...request, force: isOn(params, 'forceStop') }),
  ),
  power('reboot', { timeout }, ({ sim }, request) => rebootGuest(sim, request)),
  power('reset', { skiplock }, ({ sim }, request) => resetGuest(sim, request)),
  power(
    'suspend',
    { skiplock, todisk: flag(), statestorage: { ...storageProperty, optional: true, requires: 'todisk' } },
    ({ sim, params }, request) =>
      suspendGuest(sim, {
        ...request,
        toDisk: isOn(params, 'todisk'),
        stateStorage: textParam(params, 'statestorage'),
      }),
  ),
  power('resume', { skiplock, nocheck: flag() }, ({ sim, process }, request) => resumeGuest(sim, process, request)),
];

function powerRequest(call: Call): PowerRequest {
  const { params, user } = call;
  return { ...addressOf(call), user, timeoutMs: secondsParam(params, 'timeout'), skiplock: isOn(params, 'skiplock') };
}
