// What lies on a storage: list, one volume, allocation, removal, upload (pve-behaviour 8.2, 8.5, 28.9).
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm, requirePrivilege } from '../access/rules.ts';
import { failure, parameterError } from '../pve-error.ts';
import { nodeParams, storageProperty, vmidProperty } from '../schema/endpoint-params.ts';
import { contentFormat } from '../schema/formats.ts';
import { choice, integer, optional, text } from '../schema/property.ts';
import { allocate } from '../storage/disk-work.ts';
import { deleteVolume } from '../storage/delete-volume.ts';
import { imageBytes } from '../storage/image-size.ts';
import { forkUpload } from '../storage/upload.ts';
import { parseSize } from '../world/size.ts';
import { guestOfVolume } from '../storage/volume-name.ts';
import { pathOf } from '../storage/volume-path.ts';
import { checkUsable, findVolume, requireStorage, volumesOn } from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';
import { type Call, type Endpoint, intParam, needInt, needText, textParam } from './endpoint.ts';
import { seeStorage } from './storage.ts';

const storageParams = { ...nodeParams, storage: storageProperty };
/** The volume's id may name the storage. */
const volumeParams = { ...nodeParams, storage: optional(storageProperty), volume: text() };
const CHECKSUMS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

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
  {
    method: 'POST',
    path: '/nodes/{node}/storage/{storage}/upload',
    params: {
      ...storageParams,
      checksum: optional(text({ requires: 'checksum-algorithm' })),
      'checksum-algorithm': { ...choice(...CHECKSUMS), optional: true, requires: 'checksum' },
      content: text({ format: contentFormat, enum: ['iso', 'vztmpl', 'import'] }),
      filename: text({ maxLength: 255 }),
      tmpfilename: optional(text({ pattern: /\/var\/tmp\/pveupload-[0-9a-f]+/ })),
    },
    allow: perm('/storage/{storage}', 'Datastore.AllocateTemplate'),
    stays: true,
    handle: upload,
  },
];

function storageOf(call: Call): StorageState {
  const node = needText(call.params, 'node');
  return requireStorage(call.sim.world, needText(call.params, 'storage'), node);
}

/** Somebody else's images are seen with rights on their guest or all of the storage; `vmid` lets import files through (28.10). */
function listContent(call: Call): unknown[] {
  const { sim, params } = call;
  const node = needText(params, 'node');
  const storage = storageOf(call);
  const content = textParam(params, 'content');
  const vmid = intParam(params, 'vmid');
  return volumesOn(sim.world, node, storage)
    .filter((volume) => content === undefined || volume.content === content)
    .filter((volume) => vmid === undefined || volume.vmid === vmid || volume.content === 'import')
    .filter((volume) => maySee(call, volume))
    .map(contentRow);
}

function maySee({ sim, user }: Call, volume: Volume): boolean {
  const onStorage = (...names: readonly string[]): boolean =>
    isAllowed(sim.world, user, `/storage/${volume.storage}`, names, true);
  if (volume.content !== 'images')
    return onStorage('Datastore.Audit', 'Datastore.AllocateSpace', 'Datastore.AllocateTemplate');
  if (onStorage('Datastore.Allocate')) return true;
  return onStorage('Datastore.Audit') && isAllowed(sim.world, user, `/vms/${volume.vmid}`, ['VM.Config.Disk']);
}

function contentRow(volume: Volume): Record<string, unknown> {
  const { volid, content, format, sizeBytes, ctime, vmid, parent } = volume;
  const isImage = content === 'images';
  return {
    volid,
    content,
    format,
    size: sizeBytes,
    ctime,
    ...(isImage ? { used: sizeBytes, vmid, parent: parent ?? null } : {}),
  };
}

function volidOf(call: Call): string {
  const given = needText(call.params, 'volume');
  const storage = needText(call.params, 'storage');
  if (!given.includes(':')) return `${storage}:${given}`;
  const named = given.slice(0, given.indexOf(':'));
  if (named !== storage) throw parameterError({ volume: `storage ID mismatch (${named} != ${storage})\n` });
  return given;
}

function readVolume(call: Call): Record<string, unknown> {
  const { sim, user, params } = call;
  const volid = volidOf(call);
  const node = needText(params, 'node');
  const storage = storageOf(call);
  requirePrivilege(sim.world, user, `/storage/${storage.id}`, ['Datastore.Audit', 'Datastore.AllocateSpace'], true);
  guestOfVolume(storage, volid.slice(volid.indexOf(':') + 1));
  const volume = findVolume(sim.world, node, volid);
  if (volume === undefined) throw failure(`volume_size_info on '${volid}' failed - no format`);
  const format = volume.content === 'iso' ? 'raw' : volume.format;
  const size = imageBytes(volume.data, volume.sizeBytes);
  return { path: pathOf(storage, volume), size, used: volume.sizeBytes, format };
}

/** An image without a guest's config: answers with its volume id. */
async function allocateImage(call: Call): Promise<string> {
  const { sim, params, process } = call;
  const node = needText(params, 'node');
  const storage = storageOf(call);
  const name = needText(params, 'filename');
  const extension = /\.(raw|qcow2|vmdk)$/.exec(name)?.[1];
  const format = textParam(params, 'format') ?? extension;
  if (extension !== undefined && format !== extension) {
    throw parameterError({ format: `different storage formats (${format ?? ''} != ${extension})` });
  }
  const vmid = needInt(params, 'vmid');
  if (findVolume(sim.world, node, `${storage.id}:${vmid}/${name}`) !== undefined) {
    throw failure(`disk image '${storage.path ?? ''}/images/${vmid}/${name}' already exists`);
  }
  const wish = { vmid, sizeBytes: wantedBytes(needText(params, 'size')), format, kind: 'disk', name } as const;
  return (await allocate(sim, process, node, storage.id, wish)).volid;
}

/** Without a unit the size is in KiB. */
function wantedBytes(size: string): number {
  return parseSize(/\d$/.test(size) ? `${size}K` : size) ?? 0;
}

async function removeContent(call: Call): Promise<string | null> {
  const { sim, user, params } = call;
  const seconds = intParam(params, 'delay');
  const node = needText(params, 'node');
  const storage = storageOf(call);
  requirePrivilege(sim.world, user, `/storage/${storage.id}`, ['Datastore.Allocate']);
  return await deleteVolume(sim, {
    node,
    storage,
    volid: volidOf(call),
    user,
    delayMs: seconds === undefined ? undefined : seconds * 1000,
  });
}

function upload(call: Call): string {
  const { sim, user, params, receivedBy } = call;
  const node = needText(params, 'node');
  const storage = requireStorage(sim.world, needText(params, 'storage'));
  checkUsable(storage, node);
  const content = needText(params, 'content');
  if (storage.path === undefined) throw failure(`can't upload to storage type '${storage.type}'`);
  if (!storage.content.includes(content))
    throw failure(`storage '${storage.id}' does not support '${content}' content`);
  if (call.upload === undefined) throw failure('upload failed');
  const checksum = textParam(params, 'checksum');
  return forkUpload(sim, {
    receivedBy,
    node,
    storage,
    content,
    user,
    file: call.upload,
    checksum:
      checksum === undefined ? undefined : { value: checksum, algorithm: needText(params, 'checksum-algorithm') },
  });
}
