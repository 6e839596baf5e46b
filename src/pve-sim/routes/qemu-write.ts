// Making and removing guests (pve-behaviour 9, 13, 16).
import { and, everybody, or, perm, permWith } from '../access/rules.ts';
import { cloneGuest } from '../qemu/clone/clone.ts';
import { createGuest } from '../qemu/create.ts';
import { destroyGuest } from '../qemu/destroy.ts';
import { makeTemplate, makeTemplateNow } from '../qemu/template.ts';
import { guestParams, nodeParams, snapshotName, storageProperty, vmidProperty } from '../schema/endpoint-params.ts';
import { dnsNameFormat, nodeFormat, poolFormat } from '../schema/formats.ts';
import { choice, flag, integer, optional, text } from '../schema/property.ts';
import { perProfile } from '../profiles/profile.ts';
import { DISK_KEYS, vmOptions } from '../schema/vm-options.ts';
import { type Call, type Endpoint, isOn, needInt, textParam } from './endpoint.ts';
import { addressOf, bytesPerSecondOf, optionsOf, refuseRootOnly } from './guest-calls.ts';

const pool = optional(text({ format: poolFormat }));
const storage = optional(storageProperty);
const skiplock = flag();

export const QEMU_WRITE: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/nodes/{node}/qemu',
    params: perProfile((profile) => ({
      ...vmOptions(profile),
      ...nodeParams,
      vmid: vmidProperty,
      archive: optional(text({ maxLength: 255 })),
      bwlimit: optional(integer({ minimum: 0 })),
      force: flag({ requires: 'archive' }),
      ...(profile.has('haManagedCreate') ? { 'ha-managed': flag() } : {}),
      ...(profile.has('importWorkingStorage') ? { 'import-working-storage': storage } : {}),
      'live-restore': flag(),
      pool,
      start: flag(),
      storage,
      unique: flag({ requires: 'archive' }),
    })),
    allow: everybody,
    handle: create,
  },
  {
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/clone',
    params: {
      ...guestParams,
      bwlimit: optional(integer({ minimum: 0 })),
      description: optional(text()),
      format: optional(choice('raw', 'qcow2', 'vmdk')),
      full: flag(),
      name: optional(text({ format: dnsNameFormat })),
      newid: vmidProperty,
      pool,
      snapname: optional(snapshotName),
      storage,
      target: optional(text({ format: nodeFormat })),
    },
    allow: and(
      perm('/vms/{vmid}', 'VM.Clone'),
      or(perm('/vms/{newid}', 'VM.Allocate'), permWith('pool', '/pool/{pool}', 'VM.Allocate')),
    ),
    handle: clone,
  },
  {
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/template',
    params: { ...guestParams, disk: optional(choice(...DISK_KEYS)) },
    allow: perm('/vms/{vmid}', 'VM.Allocate'),
    handle: template,
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/qemu/{vmid}',
    params: { ...guestParams, 'destroy-unreferenced-disks': flag(), purge: flag(), skiplock },
    allow: perm('/vms/{vmid}', 'VM.Allocate'),
    handle: destroy,
  },
];

async function create(call: Call): Promise<string> {
  const { sim, process, user, params } = call;
  return await createGuest(sim, process, {
    ...addressOf(call),
    user,
    options: optionsOf(call),
    pool: textParam(params, 'pool'),
    storage: textParam(params, 'storage'),
    start: isOn(params, 'start'),
    archive: textParam(params, 'archive'),
    workingStorage: textParam(params, 'import-working-storage'),
    haManaged: isOn(params, 'ha-managed'),
  });
}

async function template(call: Call): Promise<string | null> {
  const { sim, process, user, params, profile } = call;
  const request = { ...addressOf(call), user, disk: textParam(params, 'disk') };
  if (profile.has('templateIsTask')) return makeTemplate(sim, request);
  await makeTemplateNow(sim, process, request);
  return null;
}

async function clone(call: Call): Promise<string> {
  const { sim, process, user, params } = call;
  const { node, vmid } = addressOf(call);
  const target = textParam(params, 'target');
  return await cloneGuest(sim, process, {
    node,
    vmid,
    newid: needInt(params, 'newid'),
    user,
    name: textParam(params, 'name'),
    description: textParam(params, 'description'),
    snapname: textParam(params, 'snapname'),
    pool: textParam(params, 'pool'),
    full: params['full'] === undefined ? undefined : isOn(params, 'full'),
    storage: textParam(params, 'storage'),
    format: textParam(params, 'format'),
    target: target === 'localhost' ? node : target,
    bytesPerSecond: bytesPerSecondOf(call),
  });
}

function destroy(call: Call): string {
  refuseRootOnly(call);
  const { sim, user, params } = call;
  return destroyGuest(sim, {
    ...addressOf(call),
    user,
    purge: isOn(params, 'purge'),
    unreferenced: isOn(params, 'destroy-unreferenced-disks'),
  });
}
