// What lies on a storage: list, one volume, allocation, removal, upload (pve-behaviour 8.2, 8.5, 28.9).
import { everybody, perm, requirePrivilege } from '../access/rules.ts';
import { failure, parameterError } from '../pve-error.ts';
import { nodeParams, storageProperty, vmidProperty } from '../schema/endpoint-params.ts';
import { contentFormat } from '../schema/formats.ts';
import { choice, flag, integer, optional, text } from '../schema/property.ts';
import { activate } from '../storage/activate.ts';
import { storageKind } from '../storage/storage-types.ts';
import { checkRead, mayRead } from '../storage/volume-access.ts';
import { allocate } from '../storage/disk-work.ts';
import { deleteVolume } from '../storage/delete-volume.ts';
import { imageBytes } from '../storage/image-size.ts';
import { parseSize } from '../world/size.ts';
import { guestOfVolume } from '../storage/volume-name.ts';
import { pathOf } from '../storage/volume-path.ts';
import { storageIdOf, volumeNameOf } from '../world/volid.ts';
import { findVolume, isFileStorage, requireVolume, takenBytes, volumesOn } from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';
import { type Call, type Endpoint, intParam, isOn, needInt, needText, secondsParam, textParam } from './endpoint.ts';
import { seeStorage, storageOf } from './storage.ts';

const storageParams = { ...nodeParams, storage: storageProperty };
/** The volume's id may name the storage. */
const volumeParams = { ...nodeParams, storage: optional(storageProperty), volume: text() };

export const STORAGE_CONTENT: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/storage/{storage}/content',
    protected: true,
    params: { ...storageParams, content: optional(text({ format: contentFormat })), vmid: optional(vmidProperty) },
    allow: seeStorage,
    handle: listContent,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/storage/{storage}/content/{volume}',
    protected: true,
    params: volumeParams,
    allow: everybody,
    handle: readVolume,
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/storage/{storage}/content/{volume}',
    params: { ...volumeParams, notes: optional(text()), protected: flag() },
    allow: everybody,
    handle: changeVolume,
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/storage/{storage}/content/{volume}',
    params: { ...volumeParams, delay: optional(integer({ minimum: 1, maximum: 30 })) },
    allow: everybody,
    handle: removeContent,
  },
  {
    method: 'POST',
    path: '/nodes/{node}/storage/{storage}/content',
    params: {
      ...storageParams,
      filename: text(),
      format: { ...choice('raw', 'qcow2', 'subvol', 'vmdk'), optional: true, requires: 'size' },
      size: text({ pattern: /\d+[MG]?/ }),
      vmid: vmidProperty,
    },
    allow: perm('/storage/{storage}', 'Datastore.AllocateSpace'),
    handle: allocateImage,
  },
];

/** What is listed whatever guest was asked for (pve-behaviour 28.10). */
const OF_NO_GUEST = new Set(['import', 'snippets']);

/** Somebody else's images are seen with rights on their guest or all of the storage, and what the storage is not defined for not at all. */
function listContent(call: Call): unknown[] {
  const { sim, params, user } = call;
  const node = needText(params, 'node');
  const storage = storageOf(call);
  activate(storage, node);
  const content = textParam(params, 'content');
  const vmid = intParam(params, 'vmid');
  return volumesOn(sim.world, node, storage)
    .filter((volume) => storage.content.includes(volume.content))
    .filter((volume) => content === undefined || volume.content === content)
    .filter((volume) => vmid === undefined || volume.vmid === vmid || OF_NO_GUEST.has(volume.content))
    .filter((volume) => mayRead(sim.world, user, volume))
    .map((volume) => contentRow(storage, volume));
}

function contentRow(storage: StorageState, volume: Volume): Record<string, unknown> {
  const { volid, content, format, sizeBytes, ctime, vmid, parent, notes } = volume;
  return {
    volid,
    content,
    format,
    size: sizeBytes,
    ctime,
    ...(vmid === undefined ? {} : { vmid }),
    ...(content === 'images' ? { used: takenBytes(storage, volume), parent: parent ?? null } : {}),
    ...(notes === undefined ? {} : { notes }),
    ...(volume.protected === true ? { protected: 1 } : {}),
  };
}

function volidOf(call: Call): string {
  const given = needText(call.params, 'volume');
  const storage = needText(call.params, 'storage');
  if (!given.includes(':')) return `${storage}:${given}`;
  const named = storageIdOf(given);
  if (named !== storage) throw parameterError({ volume: `storage ID mismatch (${named} != ${storage})\n` });
  return given;
}

/** What the path names, for those who may read it. */
function readable(call: Call): { storage: StorageState; volid: string; content: string } {
  const { sim, user } = call;
  const volid = volidOf(call);
  const storage = storageOf(call);
  const name = volumeNameOf(volid);
  const vmid = guestOfVolume(storage, name);
  const content = vmid === undefined ? (name.split('/')[0] ?? '') : 'images';
  checkRead(sim.world, user, { storage: storage.id, content, vmid });
  activate(storage, needText(call.params, 'node'));
  return { storage, volid, content };
}

function readVolume(call: Call): Record<string, unknown> {
  const { storage, volid } = readable(call);
  const volume = findVolume(call.sim.world, needText(call.params, 'node'), volid);
  if (volume === undefined) throw failure(`volume_size_info on '${volid}' failed - no format`);
  const format = volume.content === 'iso' ? 'raw' : volume.format;
  const size = imageBytes(volume.data, volume.sizeBytes);
  return {
    path: pathOf(storage, volume),
    size,
    used: takenBytes(storage, volume),
    format,
    ...(volume.notes === undefined ? {} : { notes: volume.notes }),
    ...(volume.protected === true ? { protected: 1 } : {}),
  };
}

/** Notes and protection, which backups alone have (recording one-node/100). */
function changeVolume(call: Call): void {
  const { sim, params } = call;
  const { storage, volid, content } = readable(call);
  const notes = textParam(params, 'notes');
  const asked = [
    ...(notes === undefined ? [] : ['notes']),
    ...(params['protected'] === undefined ? [] : ['protected']),
  ];
  if (asked[0] !== undefined && !isFileStorage(storage))
    throw failure(`attribute '${asked[0]}' is not supported for storage type '${storage.type}'`);
  if (asked[0] !== undefined && content !== 'backup')
    throw failure(notes === undefined ? "only backups support attribute 'protected'" : 'only backups can have notes');
  const volume = requireVolume(sim.world, needText(params, 'node'), volid);
  if (notes !== undefined) volume.notes = notes;
  if (params['protected'] !== undefined) volume.protected = isOn(params, 'protected');
}

/** An image without a guest's config: answers with its volume id. */
async function allocateImage(call: Call): Promise<string> {
  const { sim, params, process } = call;
  const node = needText(params, 'node');
  const storage = storageOf(call);
  const name = needText(params, 'filename');
  const vmid = needInt(params, 'vmid');
  const format = imageFormat(params, name);
  checkImageName(storage, vmid, name, format);
  if (findVolume(sim.world, node, imageId(storage, vmid, name)) !== undefined)
    throw failure(alreadyThere(storage, vmid, name));
  const wish = { vmid, sizeBytes: wantedBytes(needText(params, 'size')), format, kind: 'disk', name } as const;
  return (await allocate(sim, process, node, storage.id, wish)).volid;
}

/** The name's extension is the format. */
function imageFormat(params: Call['params'], name: string): string | undefined {
  const extension = /\.(raw|qcow2|vmdk)$/.exec(name)?.[1];
  const format = textParam(params, 'format') ?? extension;
  if (extension !== undefined && format !== extension) {
    throw parameterError({ format: `different storage formats (${format ?? ''} != ${extension})` });
  }
  return format;
}

function imageId(storage: StorageState, vmid: number, name: string): string {
  return isFileStorage(storage) ? `${storage.id}:${vmid}/${name}` : `${storage.id}:${name}`;
}

/** Files may have any name with an extension, volumes have to name their guest (recording one-node/100). */
function checkImageName(storage: StorageState, vmid: number, name: string, format: string | undefined): void {
  const { formats } = storageKind(storage);
  if (format !== undefined && !formats.some((known) => known === format))
    throw failure(`unsupported format '${format}'`);
  if (!isFileStorage(storage)) {
    if (!name.startsWith(`vm-${vmid}-`)) throw failure(`illegal name '${name}' - should be 'vm-${vmid}-*'`);
    return;
  }
  const extension = /^[^/\s]+\.(raw|qcow2|vmdk|subvol)$/.exec(name)?.[1];
  if (extension === undefined) throw failure(`unable to parse volume filename '${name}'`);
}

function alreadyThere(storage: StorageState, vmid: number, name: string): string {
  const pool = storage.options?.['vgname'] ?? storage.options?.['pool'] ?? 'pve';
  switch (storage.type) {
    case 'lvm':
    case 'lvmthin':
      return `lvcreate '${pool}/${name}' error:   Logical Volume "${name}" already exists in volume group "${pool}"`;
    case 'zfspool':
      return `zfs error: cannot create '${pool}/${name}': dataset already exists`;
    case 'rbd':
      return `rbd create '${name}' error: rbd: create error: (17) File exists`;
    default:
      return `disk image '${storage.path ?? ''}/images/${vmid}/${name}' already exists`;
  }
}

/** Without a unit the size is in KiB. */
function wantedBytes(size: string): number {
  return parseSize(/\d$/.test(size) ? `${size}K` : size) ?? 0;
}

async function removeContent(call: Call): Promise<string | null> {
  const { sim, user, params } = call;
  const node = needText(params, 'node');
  const storage = storageOf(call);
  requirePrivilege(sim.world, user, `/storage/${storage.id}`, ['Datastore.Allocate']);
  return await deleteVolume(sim, {
    node,
    storage,
    volid: volidOf(call),
    user,
    delayMs: secondsParam(params, 'delay'),
  });
}
