// Where a volume lies on its node.
import { volumeNameOf } from '../world/volid.ts';
import type { StorageState, Volume, World } from '../world/world.ts';
import { volumesOn } from '../world/volumes.ts';

/** By content, under a storage's directory; guests' images have a folder for each guest. */
const FOLDERS: Readonly<Record<string, string>> = {
  iso: 'template/iso',
  vztmpl: 'template/cache',
  import: 'import',
  snippets: 'snippets',
  backup: 'dump',
};

export function pathOf(storage: StorageState, { volid }: Pick<Volume, 'volid'>): string {
  const parts = volumeNameOf(volid).split('/');
  if (storage.path === undefined) return `${deviceFolder(storage)}/${parts.at(-1) ?? ''}`;
  const folder = FOLDERS[parts[0] ?? ''];
  // A linked clone has its base in front of its own folder and name.
  return [storage.path, ...(folder === undefined ? ['images', ...parts.slice(-2)] : [folder, ...parts.slice(1)])].join(
    '/',
  );
}

function deviceFolder({ type, options = {} }: StorageState): string {
  if (type === 'zfspool') return `/dev/zvol/${options['pool'] ?? 'rpool'}`;
  if (type === 'rbd') return `/dev/rbd-pve/${options['pool'] ?? 'rbd'}`;
  return `/dev/${options['vgname'] ?? 'pve'}`;
}

export function volumeAt(world: World, node: string, path: string): Volume | undefined {
  return Object.values(world.storages)
    .flatMap((storage) => volumesOn(world, node, storage).map((volume) => ({ storage, volume })))
    .find(({ storage, volume }) => pathOf(storage, volume) === path)?.volume;
}
