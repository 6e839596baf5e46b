// Reading guests and their configs (pve-behaviour 10).
import { guestFilter } from '../access/permissions.ts';
import { everybody, perm, type Rule } from '../access/rules.ts';
import { parameterError } from '../pve-error.ts';
import { viewConfig, viewPending, viewSnapshot } from '../qemu/config-view.ts';
import { currentStatus, listRow } from '../qemu/guest-status.ts';
import { guestParams, nodeParams, snapshotName } from '../schema/endpoint-params.ts';
import { flag, optional } from '../schema/property.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';
import { guestOf } from './guest-calls.ts';

const audit: Rule = perm('/vms/{vmid}', 'VM.Audit');

export const QEMU_READ: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/qemu',
    protected: true,
    params: { ...nodeParams, full: flag() },
    allow: everybody,
    handle: listGuests,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/status/current',
    protected: true,
    params: guestParams,
    allow: audit,
    handle: (call) => currentStatus(call.sim, guestOf(call)),
  },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/config',
    params: { ...guestParams, current: flag(), snapshot: optional(snapshotName) },
    allow: audit,
    handle: (call) => {
      const snapshot = textParam(call.params, 'snapshot');
      const current = isOn(call.params, 'current');
      if (snapshot === undefined) return viewConfig(call.profile, guestOf(call), current);
      if (current) {
        const text = "cannot use 'snapshot' parameter with 'current'";
        throw parameterError({ snapshot: text, current: text });
      }
      return viewSnapshot(call.profile, guestOf(call), snapshot);
    },
  },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/pending',
    params: guestParams,
    allow: audit,
    handle: (call) => viewPending(call.profile, guestOf(call)),
  },
];

function listGuests({ sim, user, params }: Call): unknown[] {
  const node = needText(params, 'node');
  const full = isOn(params, 'full');
  const maySee = guestFilter(sim.world, user, 'VM.Audit');
  return Object.values(sim.world.guests)
    .filter((guest) => guest.type === 'qemu' && guest.node === node)
    .filter(({ vmid }) => maySee(vmid))
    .map((guest) => ({ ...listRow(sim, guest), ...(full ? { qmpstatus: guest.run?.qmpStatus ?? 'stopped' } : {}) }));
}
