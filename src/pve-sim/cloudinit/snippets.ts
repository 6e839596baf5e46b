// `cicustom`: documents of the user's own, read when the drive is written and never before (pve-behaviour 18.5).
import { failure } from '../pve-error.ts';
import { parseProperties } from '../world/property-string.ts';
import { storageIdOf } from '../world/volid.ts';
import { findVolume, requireStorage, volumeKey } from '../world/volumes.ts';
import type { Guest, World } from '../world/world.ts';
import type { CustomDocuments } from './documents.ts';

const LARGEST_BYTES = 1024 * 1024;

export function customDocuments(world: World, guest: Guest): CustomDocuments {
  const named = parseProperties(guest.config['cicustom'] ?? '');
  const kinds = ['network', 'user', 'meta', 'vendor'] as const;
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      const volid = named[kind];
      return volid === undefined ? [] : [[kind, readSnippet(world, guest.node, volid)]];
    }),
  );
}

function readSnippet(world: World, node: string, volid: string): string {
  const [storageId = '', name = ''] = volid.split(':');
  const { path } = requireStorage(world, storageId);
  if (!name.startsWith('snippets/')) throw failure(`${volid} is not in the snippets directory`);
  requireStorage(world, storageId, node);
  const data = findVolume(world, node, volid)?.data;
  if (data === undefined) throw failure(`volume '${volid}' does not exist`);
  if (data.length > LARGEST_BYTES) throw failure(`file '${path ?? ''}/${name}' too long - aborting`);
  return Buffer.from(data).toString();
}

/** No API writes a snippet: somebody puts the file onto the storage of the node. */
export function writeSnippet(world: World, node: string, volid: string, text: string, ctime: number): void {
  const storage = requireStorage(world, storageIdOf(volid));
  const data = Buffer.from(text);
  world.volumes[volumeKey(storage, node, volid)] = {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    content: 'snippets',
    format: 'snippet',
    ctime,
    sizeBytes: data.length,
    data,
  };
}
