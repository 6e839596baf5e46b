// A storage is made ready before it is used: mounted, its pool imported, its server asked. What then is said where that
// does not work.
import { failure } from '../pve-error.ts';
import type { StorageState, StorageType } from '../world/world.ts';

const REFUSALS: Readonly<Record<StorageType, (storage: StorageState) => string>> = {
  dir: unreachableDirectory,
  btrfs: unreachableDirectory,
  nfs: offline,
  cifs: offline,
  glusterfs: offline,
  iscsi: offline,
  cephfs: () =>
    'mount error: mount error: no mds (Metadata Server) is up. The cluster might be laggy, or you may not be authorized',
  lvm: ({ options }) => `no such volume group '${options?.['vgname'] ?? ''}'`,
  lvmthin: ({ options }) => `no such logical volume ${options?.['vgname'] ?? 'pve'}/${options?.['thinpool'] ?? 'data'}`,
  zfspool: ({ id, options }) => {
    const pool = options?.['pool'] ?? '';
    return `could not activate storage '${id}', zfs error: cannot import '${pool}': no such pool available`;
  },
  rbd: () => "rbd error: rbd: couldn't connect to the cluster!",
};

function offline({ id }: StorageState): string {
  return `storage '${id}' is not online`;
}

function unreachableDirectory({ id, path = '' }: StorageState): string {
  return `unable to activate storage '${id}' - directory '${path}' does not exist or is unreachable`;
}

export function isActive(storage: StorageState, node: string): boolean {
  return storage.unreachableFrom?.includes(node) !== true;
}

/** @throws the storage's own text where the node cannot reach it */
export function activate(storage: StorageState, node: string): void {
  if (!isActive(storage, node)) throw failure(REFUSALS[storage.type](storage));
}
