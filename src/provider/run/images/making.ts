// A template from the web begins as a VM without a disk: its id is given to the caller before the download, which may take
// hours, and what is to be done stands in its description.
import { formatImageTodo } from '#claim/image-todo';
import { Fault } from '#domain/fault';
import { hasPrivilege, type Permissions } from '#pve/access/permissions';
import { formatAgent } from '#pve/codec/agent';
import type { StorageEntry } from '#pve/nodes/storage';
import { createVm } from '#pve/qemu/create';
import { keepsFiles } from '#pve/rules/copying';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import type { CreateOrder, ImageOrder } from '../../create-order.ts';
import type { Doing } from '../../faults.ts';
import { chooseNewDiskStorage, isUsable } from '../../observe/disk-storage.ts';
import { newImageFormat } from '../../plan/disk-type.ts';
import { mayNotFetch } from '../imports/fetch.ts';
import { requireImports } from '../imports/import-disk.ts';
import type { Making, Place } from '../making.ts';
import { plainHardware } from '../new-making.ts';

const PERMISSIONS_MAX_AGE_MS = 60_000;

/** Whatever a VM is made of it has: PVE's own defaults for a new one. A cloud image writes its boot to a serial port. */
const BASE = { cores: '1', memory: '2048', agent: formatAgent({ enabled: true }), serial0: 'socket' };

/** Throws what keeps the template from being made on `node`. */
export async function imageMaking(
  ctx: Context,
  { spec }: CreateOrder,
  image: ImageOrder,
  { node }: Place,
  call: Deadline,
): Promise<Making> {
  const doing = { subject: `image ${image.target}`, wanted: 'prepare' };
  requireImports(ctx, doing);
  const permissions = await ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS);
  const disk = await chooseNewDiskStorage(ctx, spec, node, call);
  const storages = await ctx.nodes.storages(node, call);
  const importStorage = chooseImportStorage(storages, disk.storage, permissions, { doing, node });
  if (!mayReachOut(permissions, node)) throw mayNotFetch(doing, { node, storage: importStorage });
  const config = { ...plainHardware(image.osType, ctx.version), ...BASE };
  const isFree = newImageFormat(undefined, disk.type) !== undefined;
  const { target, url, checksum, formats, forNode } = image;
  const kept = { target, node: forNode, url, checksum, formats, importStorage, storage: disk.storage };
  const diskFormat = isFree ? (image.diskFormat ?? 'qcow2') : undefined;
  return {
    node,
    target: node,
    from: `image ${target}`,
    values: config,
    text: '',
    warnings: checksum === undefined ? ['image-unverified'] : [],
    keeps: (incarnation) => formatImageTodo({ ...kept, incarnation, diskFormat }),
    begin: async (vm, time) => await createVm(ctx.pve, node, { ...vm, config }, time),
  };
}

/** One from which the file can be deleted again, where the disk goes if that takes files. */
function chooseImportStorage(
  storages: readonly StorageEntry[],
  diskStorage: string,
  permissions: Permissions,
  { doing, node }: { readonly doing: Doing; readonly node: string },
): string {
  const may = ({ storage }: StorageEntry, privilege: string): boolean =>
    hasPrivilege(permissions, `/storage/${storage}`, privilege);
  const fit = storages.filter((entry) => isUsable(entry) && entry.content.includes('import') && keepsFiles(entry.type));
  const rank = (entry: StorageEntry): number =>
    (may(entry, 'Datastore.Allocate') ? 0 : 2) + (entry.storage === diskStorage ? 0 : 1);
  const [first] = fit
    .filter((entry) => may(entry, 'Datastore.AllocateTemplate'))
    .toSorted((a, b) => rank(a) - rank(b) || a.storage.localeCompare(b.storage));
  if (first !== undefined) return first.storage;
  if (fit.length === 0) {
    throw new Fault('precondition', {
      ...doing,
      why: `node ${node} has no active storage with content "import" that we may see`,
      remedy: 'Add "import" to the content of a directory, NFS or CIFS storage, and grant Datastore.Audit on it',
    });
  }
  const names = fit.map(({ storage }) => storage).sort();
  throw new Fault('forbidden', {
    ...doing,
    why: `we may not fill any storage with content "import" of node ${node} (${names.join(', ')})`,
    remedy: `Grant Datastore.AllocateTemplate on /storage/${names[0] ?? ''} to the user and to the API token`,
  });
}

/** pve-behaviour 8.6. */
function mayReachOut(permissions: Permissions, node: string): boolean {
  const isAdministrator = ['Sys.Audit', 'Sys.Modify'].every((privilege) => hasPrivilege(permissions, '/', privilege));
  return isAdministrator || hasPrivilege(permissions, `/nodes/${node}`, 'Sys.AccessNetwork');
}
