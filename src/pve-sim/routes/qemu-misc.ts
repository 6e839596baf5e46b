// What else is asked of guests: features, figures over time, keys and QEMU's monitor.
import { perm, permAny } from '../access/rules.ts';
import { guestFeature } from '../qemu/features.ts';
import { humanMonitor, sendKey } from '../qemu/monitor.ts';
import { guestSamples } from '../qemu/rrd.ts';
import { guestParams, snapshotName } from '../schema/endpoint-params.ts';
import { choice, flag, optional, text } from '../schema/property.ts';
import { type Endpoint, needInt, needText, textParam } from './endpoint.ts';
import { guestOf, refuseRootOnly } from './guest-calls.ts';

const audit = perm('/vms/{vmid}', 'VM.Audit');

export const QEMU_MISC: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/feature',
    protected: true,
    params: { ...guestParams, feature: choice('snapshot', 'clone', 'copy'), snapname: optional(snapshotName) },
    allow: audit,
    handle: (call) => {
      const feature = needText(call.params, 'feature') as 'snapshot' | 'clone' | 'copy';
      return guestFeature(call.sim, guestOf(call), feature, textParam(call.params, 'snapname'));
    },
  },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/rrddata',
    protected: true,
    stays: true,
    params: {
      ...guestParams,
      timeframe: choice('hour', 'day', 'week', 'month', 'year'),
      cf: optional(choice('AVERAGE', 'MAX')),
    },
    allow: audit,
    handle: (call) => guestSamples(call.sim, guestOf(call), needText(call.params, 'timeframe')),
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/qemu/{vmid}/sendkey',
    params: { ...guestParams, key: text(), skiplock: flag() },
    allow: perm('/vms/{vmid}', 'VM.Console'),
    handle: async (call) => {
      refuseRootOnly(call);
      const { sim, process, params } = call;
      const target = { node: needText(params, 'node'), vmid: needInt(params, 'vmid') };
      await sendKey(sim, process, target, needText(params, 'key'));
    },
  },
  {
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/monitor',
    params: { ...guestParams, command: text() },
    allow: (profile) =>
      profile.has('guestAgentPrivileges')
        ? permAny('/vms/{vmid}', 'Sys.Audit', 'Sys.Modify')
        : perm('/vms/{vmid}', 'VM.Monitor'),
    handle: ({ sim, params }) =>
      humanMonitor(sim, needText(params, 'node'), needInt(params, 'vmid'), needText(params, 'command')),
  },
];
