// Snapshots of guests (pve-behaviour 14).
import { everybody, perm, permAny, requirePrivilege, type Rule } from '../access/rules.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import { startGuest } from '../qemu/power.ts';
import { changeSnapshot } from '../qemu/snapshots/change.ts';
import { createSnapshot } from '../qemu/snapshots/create.ts';
import { deleteSnapshot } from '../qemu/snapshots/delete.ts';
import { rollBack } from '../qemu/snapshots/rollback.ts';
import { listSnapshots, requireSnapshot } from '../qemu/snapshots/sections.ts';
import { guestParams, snapshotName } from '../schema/endpoint-params.ts';
import { flag, optional, type Schema, text } from '../schema/property.ts';
import { jsonValue } from '../schema/json-value.ts';
import type { Guest } from '../world/world.ts';
import { type Call, type Endpoint, isOn, needInt, needText, textParam } from './endpoint.ts';
import { guestOf } from './guest-calls.ts';

const oneSnapshot: Schema = { ...guestParams, snapname: snapshotName };
const description = optional(text());
const snapshot: Rule = perm('/vms/{vmid}', 'VM.Snapshot');

export const QEMU_SNAPSHOT: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/snapshot',
    protected: true,
    params: guestParams,
    allow: perm('/vms/{vmid}', 'VM.Audit'),
    handle: (call) => listSnapshots(guestOf(call)),
  },
  {
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/snapshot',
    params: { ...oneSnapshot, description, vmstate: flag() },
    allow: snapshot,
    handle: ({ sim, user, params }) =>
      createSnapshot(sim, {
        ...addressed(params),
        user,
        description: textParam(params, 'description'),
        vmstate: isOn(params, 'vmstate'),
      }),
  },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/snapshot/{snapname}',
    stays: true,
    params: oneSnapshot,
    allow: everybody,
    handle: () => [{ cmd: 'rollback' }, { cmd: 'config' }],
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/qemu/{vmid}/snapshot/{snapname}',
    params: { ...oneSnapshot, force: flag() },
    allow: snapshot,
    handle: ({ sim, user, params }) =>
      deleteSnapshot(sim, { ...addressed(params), user, force: isOn(params, 'force') }),
  },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config',
    params: oneSnapshot,
    allow: permAny('/vms/{vmid}', 'VM.Snapshot', 'VM.Snapshot.Rollback', 'VM.Audit'),
    handle: (call) => snapshotConfig(call.profile, guestOf(call), needText(call.params, 'snapname')),
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config',
    params: { ...oneSnapshot, description },
    allow: snapshot,
    handle: async ({ sim, process, params }) =>
      await changeSnapshot(sim, process, { ...addressed(params), description: textParam(params, 'description') }),
  },
  {
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback',
    params: perProfile((profile) => ({ ...oneSnapshot, ...(profile.has('rollbackStart') ? { start: flag() } : {}) })),
    allow: permAny('/vms/{vmid}', 'VM.Snapshot', 'VM.Snapshot.Rollback'),
    handle: rollback,
  },
];

function rollback({ sim, user, params, profile }: Call): string {
  const target = addressed(params);
  const starts = isOn(params, 'start');
  if (starts && profile.has('rollbackStartNeedsPowerMgmt')) {
    requirePrivilege(sim.world, user, `/vms/${target.vmid}`, ['VM.PowerMgmt']);
  }
  const start = (): void => void startGuest(sim, { ...target, user });
  return rollBack(sim, { ...target, user, start: starts ? start : undefined });
}

/** The section as it stands in the file. */
function snapshotConfig(profile: Profile, guest: Guest, name: string): Record<string, string | number> {
  const entries = Object.entries(requireSnapshot(guest, name));
  return Object.fromEntries(entries.map(([key, value]) => [key, jsonValue(profile, key, value)]));
}

function addressed(params: Call['params']): { node: string; vmid: number; name: string } {
  return { node: needText(params, 'node'), vmid: needInt(params, 'vmid'), name: needText(params, 'snapname') };
}
