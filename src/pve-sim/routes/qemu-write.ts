// Making, changing and removing guests (pve-behaviour 9, 11, 13, 15, 16).
import { and, everybody, or, perm, permAny, permWith } from '../access/rules.ts';
import { parameterError } from '../pve-error.ts';
import { cloneGuest } from '../qemu/clone.ts';
import { createGuest } from '../qemu/create.ts';
import { destroyGuest } from '../qemu/destroy.ts';
import { resizeDisk } from '../qemu/resize.ts';
import { makeTemplate } from '../qemu/template.ts';
import { type UpdateRequest, updateInBackground, updateNow } from '../qemu/update-config.ts';
import { digestProperty, guestParams, nodeParams, storageProperty, vmidProperty } from '../schema/endpoint-params.ts';
import { configIdFormat, dnsNameFormat, nodeFormat, poolFormat } from '../schema/formats.ts';
import { choice, flag, integer, optional, type Schema, listText, text } from '../schema/property.ts';
import { perProfile } from '../profiles/profile.ts';
import { DISK_KEYS, vmOptions } from '../schema/vm-options.ts';
import { splitList } from '../world/tags.ts';
import { type Call, type Endpoint, intParam, isOn, needInt, needText, textParam } from './endpoint.ts';

const pool = optional(text({ format: poolFormat }));
const storage = optional(storageProperty);
const optionList = listText(configIdFormat);
const skiplock = flag();

const updateParams = perProfile(
  (profile): Schema => ({
    ...vmOptions(profile),
    ...guestParams,
    delete: optionList,
    digest: digestProperty,
    force: flag({ requires: 'delete' }),
    revert: optionList,
    skiplock,
  }),
);

const updateRight = permAny(
  '/vms/{vmid}',
  'VM.Config.Disk',
  'VM.Config.CDROM',
  'VM.Config.CPU',
  'VM.Config.Memory',
  'VM.Config.Network',
  'VM.Config.HWType',
  'VM.Config.Options',
  'VM.Config.Cloudinit',
);

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
    method: 'PUT',
    path: '/nodes/{node}/qemu/{vmid}/config',
    params: updateParams,
    allow: updateRight,
    handle: putConfig,
  },
  {
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/config',
    params: perProfile((profile) => ({
      ...updateParams(profile),
      background_delay: optional(integer({ minimum: 1, maximum: 30 })),
      ...(profile.has('importWorkingStorage') ? { 'import-working-storage': storage } : {}),
    })),
    allow: updateRight,
    handle: postConfig,
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/qemu/{vmid}/unlink',
    params: { ...guestParams, force: flag(), idlist: { ...listText(configIdFormat), optional: false } },
    allow: perm('/vms/{vmid}', 'VM.Config.Disk'),
    handle: unlink,
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
      snapname: optional(text({ format: configIdFormat, maxLength: 40 })),
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
    handle: ({ sim, user, params }) => makeTemplate(sim, needText(params, 'node'), needInt(params, 'vmid'), user),
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/qemu/{vmid}/resize',
    params: {
      ...guestParams,
      digest: digestProperty,
      disk: choice(...DISK_KEYS),
      size: text({ pattern: /\+?\d+(\.\d+)?[KMGT]?/ }),
      skiplock,
    },
    allow: perm('/vms/{vmid}', 'VM.Config.Disk'),
    handle: resize,
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/qemu/{vmid}',
    params: { ...guestParams, 'destroy-unreferenced-disks': flag(), purge: flag(), skiplock },
    allow: perm('/vms/{vmid}', 'VM.Allocate'),
    handle: destroy,
  },
];

/** Parameters that are options of the guest. */
function optionsOf(call: Call): Record<string, string> {
  const known = vmOptions(call.profile);
  const entries = Object.entries(call.params).filter(([key]) => known[key] !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

/** A token is never root@pam (pve-behaviour 4.3, 5.4). */
export function refuseRootOnly({ params }: Call): void {
  const used = ['skiplock', 'keepActive'].find((name) => params[name] !== undefined);
  if (used !== undefined) throw parameterError({ [used]: 'Only root may use this option.' });
}

async function create(call: Call): Promise<string> {
  const { sim, process, user, params } = call;
  return await createGuest(sim, process, {
    node: needText(params, 'node'),
    vmid: needInt(params, 'vmid'),
    user,
    options: optionsOf(call),
    pool: textParam(params, 'pool'),
    storage: textParam(params, 'storage'),
    start: isOn(params, 'start'),
    archive: textParam(params, 'archive'),
    haManaged: isOn(params, 'ha-managed'),
  });
}

function updateRequest(call: Call): UpdateRequest {
  refuseRootOnly(call);
  const { params, user } = call;
  return {
    node: needText(params, 'node'),
    vmid: needInt(params, 'vmid'),
    user,
    options: optionsOf(call),
    deletes: splitList(textParam(params, 'delete') ?? ''),
    reverts: splitList(textParam(params, 'revert') ?? ''),
    force: isOn(params, 'force'),
    digest: textParam(params, 'digest'),
  };
}

async function putConfig(call: Call): Promise<void> {
  await updateNow(call.sim, call.process, updateRequest(call));
}

/** The older way to delete disks. */
async function unlink(call: Call): Promise<void> {
  const { sim, process, params } = call;
  const deletes = splitList(needText(params, 'idlist'));
  await updateNow(sim, process, { ...updateRequest(call), deletes });
}

async function postConfig(call: Call): Promise<string | null> {
  const seconds = intParam(call.params, 'background_delay');
  return await updateInBackground(
    call.sim,
    call.process,
    updateRequest(call),
    seconds === undefined ? undefined : seconds * 1000,
  );
}

async function clone({ sim, process, user, params }: Call): Promise<string> {
  const node = needText(params, 'node');
  const target = textParam(params, 'target');
  // KiB per second; 0 is unlimited.
  const limit = intParam(params, 'bwlimit');
  return await cloneGuest(sim, process, {
    node,
    vmid: needInt(params, 'vmid'),
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
    bytesPerSecond: limit === undefined || limit === 0 ? undefined : limit * 1024,
  });
}

function resize(call: Call): string {
  refuseRootOnly(call);
  const { sim, user, params } = call;
  return resizeDisk(sim, {
    node: needText(params, 'node'),
    vmid: needInt(params, 'vmid'),
    user,
    disk: needText(params, 'disk'),
    size: needText(params, 'size'),
    digest: textParam(params, 'digest'),
  });
}

function destroy(call: Call): string {
  refuseRootOnly(call);
  const { sim, user, params } = call;
  return destroyGuest(sim, {
    node: needText(params, 'node'),
    vmid: needInt(params, 'vmid'),
    user,
    purge: isOn(params, 'purge'),
    unreferenced: isOn(params, 'destroy-unreferenced-disks'),
  });
}
