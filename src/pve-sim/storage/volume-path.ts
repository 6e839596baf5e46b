// Where a volume lies on its node.
import type { StorageState, Volume, World } from '../world/world.ts';
import { volumesOn } from '../world/volumes.ts';

const FOLDERS = { images: 'images', iso: 'template', import: '', snippets: '', vztmpl: 'template' } as const;

export function pathOf(storage: StorageState, volume: Volume): string {
  const name = volume.volid.slice(volume.volid.indexOf(':') + 1).replace(/^vztmpl\//, 'cache/');
  if (storage.path === undefined) return `/dev/pve/${name}`;
  return [storage.path, FOLDERS[volume.content], name].filter((part) => part !== '').join('/');
}

export function volumeAt(world: World, node: string, path: string): Volume | undefined {
  return Object.values(world.storages)
    .flatMap((storage) => volumesOn(world, node, storage).map((volume) => ({ storage, volume })))
    .find(({ storage, volume }) => pathOf(storage, volume) === path)?.volume;
}
