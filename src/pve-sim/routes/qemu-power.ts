// Power (pve-behaviour 12): every call answers with a UPID.
import { perm, type Rule } from '../access/rules.ts';
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
import { flag, integer, optional, type Schema, text } from '../schema/property.ts';
import { machineProperty } from '../schema/vm-options.ts';
import type { Sim } from '../sim.ts';
import { type Call, type Endpoint, intParam, isOn, needInt, needText } from './endpoint.ts';
import { refuseRootOnly } from './qemu-write.ts';

const right: Rule = perm('/vms/{vmid}', 'VM.PowerMgmt');
const timeout = optional(integer({ minimum: 0 }));
const skiplock = flag();

function power(act: string, more: Schema, run: (sim: Sim, request: PowerRequest) => string): Endpoint {
  return {
    method: 'POST',
    path: `/nodes/{node}/qemu/{vmid}/status/${act}`,
    params: { ...guestParams, ...more },
    allow: right,
    handle: (call) => {
      refuseRootOnly(call);
      return run(call.sim, powerRequest(call));
    },
  };
}

export const QEMU_POWER: readonly Endpoint[] = [
  power('start', { timeout, skiplock, machine: machineProperty, 'force-cpu': optional(text()) }, startGuest),
  power('stop', { timeout, skiplock, keepActive: flag(), 'overrule-shutdown': flag() }, stopGuest),
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
