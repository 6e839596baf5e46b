// Moving a guest to another node (pve-behaviour 19).
import { isRoot } from '../access/root.ts';
import { perm } from '../access/rules.ts';
import { preconditions } from '../migrate/preconditions.ts';
import { migrateGuest } from '../migrate/migrate.ts';
import { perProfile } from '../profiles/profile.ts';
import { parameterError } from '../pve-error.ts';
import { guestParams } from '../schema/endpoint-params.ts';
import { cidrFormat, nodeFormat, storagePairFormat } from '../schema/formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { type Call, type Endpoint, isOn, needInt, needText, textParam } from './endpoint.ts';
import { addressOf, bytesPerSecondOf } from './guest-calls.ts';

const path = '/nodes/{node}/qemu/{vmid}/migrate';
const allow = perm('/vms/{vmid}', 'VM.Migrate');
const target = text({ format: nodeFormat });

export const QEMU_MIGRATE: readonly Endpoint[] = [
  {
    method: 'GET',
    path,
    params: { ...guestParams, target: optional(target) },
    allow,
    protected: true,
    handle: ({ sim, params, profile }) =>
      preconditions(sim.world, needText(params, 'node'), needInt(params, 'vmid'), profile),
  },
  {
    method: 'POST',
    path,
    params: perProfile(
      (profile): Schema => ({
        ...guestParams,
        bwlimit: optional(integer({ minimum: 0 })),
        force: flag(),
        migration_network: optional(text({ format: cidrFormat })),
        migration_type: optional(choice('secure', 'insecure')),
        online: flag(),
        target,
        targetstorage: listText(storagePairFormat),
        'with-local-disks': flag(),
        ...(profile.has('conntrackMigration') ? { 'with-conntrack-state': flag() } : {}),
      }),
    ),
    allow,
    handle: migrate,
  },
];

const ROOT_ONLY = ['force', 'migration_type', 'migration_network'];

function migrate(call: Call): string {
  const { sim, user, params } = call;
  const { node, vmid } = addressOf(call);
  const given = needText(params, 'target');
  return migrateGuest(
    sim,
    {
      node,
      vmid,
      user,
      target: given === 'localhost' ? node : given,
      online: isOn(params, 'online'),
      withLocalDisks: isOn(params, 'with-local-disks'),
      targetStorage: textParam(params, 'targetstorage'),
      bytesPerSecond: bytesPerSecondOf(call),
      force: isOn(params, 'force'),
    },
    () => {
      const used = isRoot(user) ? undefined : ROOT_ONLY.find((name) => params[name] !== undefined);
      if (used !== undefined) throw parameterError({ [used]: 'Only root may use this option.' });
    },
  );
}
