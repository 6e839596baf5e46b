// Changing guests and their disks (pve-behaviour 11, 15).
import { permAny, perm } from '../access/rules.ts';
import { parameterError } from '../pve-error.ts';
import { moveDisk } from '../qemu/move-disk.ts';
import { reassignDisk } from '../qemu/reassign-disk.ts';
import { resizeDisk } from '../qemu/resize.ts';
import { type UpdateRequest, updateInBackground, updateNow } from '../qemu/update-config.ts';
import { perProfile } from '../profiles/profile.ts';
import { digestProperty, guestParams, storageProperty, vmidProperty } from '../schema/endpoint-params.ts';
import { configIdFormat } from '../schema/formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { DISK_KEYS, UNUSED_KEYS, vmOptions } from '../schema/vm-options.ts';
import { splitList } from '../world/lists.ts';
import { type Call, type Endpoint, intParam, isOn, needText, secondsParam, textParam } from './endpoint.ts';
import { addressOf, bytesPerSecondOf, optionsOf, refuseRootOnly } from './guest-calls.ts';

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

const MOVABLE = [...DISK_KEYS, ...UNUSED_KEYS];

export const QEMU_CONFIG: readonly Endpoint[] = [
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
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/move_disk',
    params: perProfile((profile) => ({
      ...guestParams,
      bwlimit: optional(integer({ minimum: 0 })),
      delete: flag(),
      digest: digestProperty,
      disk: choice(...MOVABLE),
      format: optional(choice('raw', 'qcow2', 'vmdk')),
      storage: profile.has('moveToGuest') ? storage : storageProperty,
      ...(profile.has('moveToGuest')
        ? {
            'target-digest': digestProperty,
            'target-disk': optional(choice(...MOVABLE)),
            'target-vmid': optional(vmidProperty),
          }
        : {}),
    })),
    allow: perm('/vms/{vmid}', 'VM.Config.Disk'),
    handle: move,
  },
];

function updateRequest(call: Call): UpdateRequest {
  refuseRootOnly(call);
  const { params, user } = call;
  return {
    ...addressOf(call),
    user,
    options: optionsOf(call),
    deletes: splitList(textParam(params, 'delete') ?? ''),
    reverts: splitList(textParam(params, 'revert') ?? ''),
    force: isOn(params, 'force'),
    digest: textParam(params, 'digest'),
    skiplock: isOn(params, 'skiplock'),
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
  const { sim, process, params } = call;
  return await updateInBackground(sim, process, updateRequest(call), secondsParam(params, 'background_delay'));
}

async function resize(call: Call): Promise<string | null> {
  refuseRootOnly(call);
  const { sim, process, user, params } = call;
  return await resizeDisk(sim, process, {
    ...addressOf(call),
    user,
    disk: needText(params, 'disk'),
    size: needText(params, 'size'),
    digest: textParam(params, 'digest'),
    skiplock: isOn(params, 'skiplock'),
  });
}

/** To another storage or format, or to another guest. */
function move(call: Call): string {
  const { sim, user, params } = call;
  const { node, vmid } = addressOf(call);
  const disk = needText(params, 'disk');
  const onto = textParam(params, 'storage');
  const targetVmid = intParam(params, 'target-vmid');
  const digest = textParam(params, 'digest');
  if (onto !== undefined && targetVmid !== undefined) {
    throw bothParameters("either set 'storage' or 'target-vmid', but not both");
  }
  if (onto !== undefined) {
    const bytesPerSecond = bytesPerSecondOf(call);
    const format = textParam(params, 'format');
    const deleteSource = isOn(params, 'delete');
    return moveDisk(sim, { node, vmid, user, disk, storage: onto, format, deleteSource, digest, bytesPerSecond });
  }
  if (targetVmid === undefined)
    throw bothParameters("both 'storage' and 'target-vmid' missing, either needs to be set");
  const targetDisk = textParam(params, 'target-disk') ?? disk;
  const targetDigest = textParam(params, 'target-digest');
  return reassignDisk(sim, { node, vmid, user, disk, digest, targetVmid, targetDisk, targetDigest });
}

function bothParameters(text: string): Error {
  return parameterError({ 'target-vmid': text, storage: text });
}
