// Volumes that a VM is made from without a template: an ISO to install from, the image of a disk. Both have to be where
// the VM is made.
import { readClaim } from '#claim/record';
import { Fault, invalidSpec } from '#domain/fault';
import { storageOf } from '#pve/codec/drive';
import { type NodeName, parseVmid, type Vmid } from '#pve/ids';
import { keepsFiles } from '#pve/rules/copying';
import { isAtLeast } from '#pve/rules/versions';
import { readConfig } from '#pve/qemu/config';
import { listVolumes, readVolume, type Volume } from '#pve/storage/volumes';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { isUsable, requireStorage } from './disk-storage.ts';
import { shortList } from './original.ts';

const ISO_FIELD = 'image_json.ISO';
const DISK_FIELD = 'image_json.Path';

/** Throws `invalid-spec` where `volume` is not on a storage of the node, with what is. */
export async function requireIso(ctx: Context, volume: string, node: NodeName, call: Deadline): Promise<void> {
  await requireVolume(ctx, { volume, field: ISO_FIELD, content: 'iso', what: 'ISO images' }, node, call);
}

/** The same for the image of a disk. */
export async function requireImage(ctx: Context, volume: string, node: NodeName, call: Deadline): Promise<void> {
  const file = /^(.*\.ova)\/.+$/.exec(volume)?.[1] ?? volume;
  const isImport = /^[^:]+:import\//.test(volume);
  const search = isImport ? { content: 'import', what: 'import files' } : { content: 'images', what: 'VM disks' };
  await requireVolume(ctx, { volume: file, field: DISK_FIELD, ...search }, node, call);
}

/** The image of a disk as the import of it needs it. */
export interface DiskImage {
  readonly storage: string;
  /** Undefined for a disk inside an appliance, which is looked into when it is imported. */
  readonly sizeBytes: number | undefined;
  /** Where the disk of an appliance is unpacked; undefined for all else. */
  readonly workingStorage: string | undefined;
  /** The VM whose disk it is, by its name. */
  readonly owner: Vmid | undefined;
}

/** Throws where the version, the node or our rights do not let the image be imported there. */
export async function observeDiskImage(
  ctx: Context,
  view: Snapshot,
  volume: string,
  node: NodeName,
  call: Deadline,
): Promise<DiskImage> {
  const isImport = /^[^:]+:import\//.test(volume);
  refuseVersion(ctx, volume, isImport);
  if (isImport) return await observeImportFile(ctx, volume, node, call);
  const owner = parseVmid(/(?:^|[:/])(?:vm|base)-(\d+)-[^/]+$/.exec(volume)?.[1] ?? '');
  if (owner !== undefined) await refuseOwner(ctx, view, { volume, owner }, node, call);
  const filter = owner === undefined ? {} : { vmid: owner };
  const search = { volume, field: DISK_FIELD, content: 'images', what: 'VM disks', filter };
  const { sizeBytes } = await requireVolume(ctx, search, node, call);
  return { storage: storageOf({ file: volume }) ?? '', sizeBytes, workingStorage: undefined, owner };
}

/**
 * A manager that has taken over a VM names its disk when the VM is gone and is to be made again. What lies there then is
 * what is left of it, or a disk of whoever has got its id: no image for anybody.
 */
async function refuseOwner(
  ctx: Context,
  view: Snapshot,
  { volume, owner }: { readonly volume: string; readonly owner: Vmid },
  node: NodeName,
  call: Deadline,
): Promise<void> {
  const guest = view.guests.get(owner);
  const doing = { subject: DISK_FIELD, wanted: `import "${volume}"` };
  if (guest === undefined) {
    const why = `VM ${owner}, whose disk it was, is not there, or we may not see it (VM.Audit)`;
    const remedy = 'If that VM was taken over and is lost, delete its VirtualMachine; else give the disk to a VM';
    throw new Fault('precondition', { ...doing, why, remedy });
  }
  if (guest.node !== node) {
    const why = `"${volume}" is a disk of VM ${owner} on ${guest.node}, not on ${node}`;
    throw invalidSpec(DISK_FIELD, why, `Allow ${guest.node}`);
  }
  const { values } = await readConfig(ctx.pve, guest, call);
  const reading = readClaim(values['description']);
  if (reading.kind === 'none' || (reading.kind === 'claim' && reading.claim.vmid !== owner)) return;
  const why = `it is a disk of ${vmSubject({ ...guest, name: values['name'] })}, which a provider has made for somebody`;
  throw new Fault('precondition', { ...doing, why, remedy: `Name VM ${owner} as the image, of which a copy is made` });
}

/** pve-behaviour 9.2, 22: images since 7.2, appliances since 8.3, other import content since 8.4. */
function refuseVersion({ version }: Context, volume: string, isImport: boolean): void {
  const isAppliance = isImport && /\.ova(?:\/|$)/.test(volume);
  const [major, minor] = isAppliance ? [8, 3] : isImport ? [8, 4] : [7, 2];
  if (isAtLeast(version, major, minor)) return;
  const what = isAppliance ? 'disks of appliances' : isImport ? 'import content' : 'disks of storages';
  throw new Fault('unsupported', {
    subject: DISK_FIELD,
    wanted: `import "${volume}"`,
    why: `Proxmox VE can import ${what} from ${major}.${minor} on, and this is ${version.text}`,
    remedy: 'Make a template of it on PVE, and name that, or upgrade',
  });
}

async function observeImportFile(ctx: Context, volume: string, node: NodeName, call: Deadline): Promise<DiskImage> {
  const [, archive, inner] = /^(.*\.ova)(?:\/(.+))?$/.exec(volume) ?? [];
  if (archive !== undefined && inner === undefined) {
    throw invalidSpec(
      DISK_FIELD,
      `"${volume}" is an appliance, not a disk`,
      `Name a disk in it: ${volume}/<name>.vmdk`,
    );
  }
  const file = archive ?? volume;
  await requireVolume(ctx, { volume: file, field: DISK_FIELD, content: 'import', what: 'import files' }, node, call);
  const at = { node, storage: storageOf({ file: volume }) ?? '' };
  const { storage } = at;
  if (archive !== undefined) {
    return {
      storage,
      sizeBytes: undefined,
      workingStorage: await chooseWorkingStorage(ctx, at, call),
      owner: undefined,
    };
  }
  const { sizeBytes } = await readVolume(ctx.pve, at, volume, call);
  return { storage, sizeBytes, workingStorage: undefined, owner: undefined };
}

/** A file storage that takes images: the appliance's own, else any. */
async function chooseWorkingStorage(
  ctx: Context,
  { node, storage }: { node: NodeName; storage: string },
  call: Deadline,
): Promise<string> {
  const storages = await ctx.nodes.storages(node, call);
  const fit = storages
    .filter((entry) => isUsable(entry) && entry.content.includes('images') && keepsFiles(entry.type))
    .map((entry) => entry.storage)
    .sort();
  const chosen = fit.includes(storage) ? storage : fit[0];
  if (chosen !== undefined) return chosen;
  throw invalidSpec(
    DISK_FIELD,
    `node ${node} has no file storage for VM disks, where a disk of an appliance could be unpacked`,
    'Unpack it, and store the disk itself as import content',
  );
}

interface VolumeSearch {
  readonly volume: string;
  readonly field: string;
  readonly content: string;
  readonly what: string;
  readonly filter?: { readonly vmid?: Vmid };
}

async function requireVolume(ctx: Context, search: VolumeSearch, node: NodeName, call: Deadline): Promise<Volume> {
  const { volume, field, content, what, filter } = search;
  const storages = (await ctx.nodes.storages(node, call)).filter(
    (entry) => isUsable(entry) && entry.content.includes(content),
  );
  const storage = requireStorage(field, storageOf({ file: volume }) ?? '', storages, node, what);
  const volumes = await listVolumes(ctx.pve, { node, storage }, call, { content, ...filter });
  const found = volumes.find(({ volid }) => volid === volume);
  if (found !== undefined) return found;
  const names = volumes.map(({ volid }) => volid).sort();
  throw invalidSpec(
    field,
    `node ${node} does not have "${volume}", or we may not see it (${rightsFor(search, storage)})`,
    names.length === 0 ? `There are no ${what} on "${storage}" there` : `On "${storage}" there: ${shortList(names)}`,
  );
}

/** What an import needs (pve-behaviour 5.3). */
export function rightsFor({ filter }: Pick<VolumeSearch, 'filter'>, storage: string): string {
  const audit = `Datastore.Audit on /storage/${storage}`;
  const owner = filter?.vmid;
  return owner === undefined ? audit : `${audit}, VM.Config.Disk and VM.Clone on /vms/${owner}`;
}
