// Where an imported image goes: the same place every time, so that a request that is repeated finds it.
import { createHash } from 'node:crypto';
import { Fault, invalidSpec } from '#domain/fault';
import { hasPrivilege } from '#pve/access/permissions';
import type { StorageAt } from '#pve/storage/volumes';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';

const VIEW_MAX_AGE_MS = 6_000;
const PERMISSIONS_MAX_AGE_MS = 60_000;

/**
 * A storage that takes import content, through a node of it: one that we may fill, shared ones first, since their images can be used
 * everywhere, then by a hash of the file's name, which spreads images over what is local.
 * @param storage the only one to be used.
 */
export async function placeForImport(
  ctx: Context,
  fileName: string,
  storage: string | undefined,
  subject: string,
  call: Deadline,
): Promise<StorageAt> {
  const [{ storages, nodes }, permissions] = await Promise.all([
    ctx.view.read(call, VIEW_MAX_AGE_MS),
    ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS),
  ]);
  const mayFill = (sight: StorageAt): boolean =>
    hasPrivilege(permissions, `/storage/${sight.storage}`, 'Datastore.AllocateTemplate');
  const fit = storages.filter(({ content, available, node }) => {
    return content.includes('import') && available && nodes.get(node)?.online === true;
  });
  const ranked = fit
    .filter((sight) => storage === undefined || sight.storage === storage)
    .map((sight) => ({ ...sight, rank: rankOf(fileName, sight) }))
    .sort(
      (a, b) =>
        Number(mayFill(b)) - Number(mayFill(a)) || Number(b.shared) - Number(a.shared) || (a.rank < b.rank ? -1 : 1),
    );
  if (ranked[0] !== undefined) return { node: ranked[0].node, storage: ranked[0].storage };
  const names = [...new Set(fit.map((sight) => sight.storage))].sort();
  if (storage !== undefined && names.length > 0) {
    throw invalidSpec('storage_hint', `"${storage}" takes no import content`, `Use one of ${names.join(', ')}`);
  }
  throw new Fault('precondition', {
    subject,
    wanted: 'import',
    why: 'no storage that we may see takes import content',
    remedy: 'Add "import" to the content of a directory, NFS or CIFS storage, and grant Datastore.Audit on it',
  });
}

function rankOf(fileName: string, { storage, node }: StorageAt): string {
  return createHash('sha256').update([fileName, storage, node].join('\0')).digest('hex');
}
