// GetDiskInfo: one disk of a VM, now or as a snapshot has it.
import { isSerialOf } from '#claim/disk-serial';
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { listSnapshots, readSnapshotConfig, type Snapshot } from '#pve/qemu/snapshots';
import { readVolume, type VolumeInside } from '#pve/storage/volumes';
import type { Deadline } from '#runtime/deadline';
import { pooled } from '#runtime/pooled';
import type { Context } from '../context.ts';
import { type ClaimedVm, observeVm } from '../observe/claimed-vm.ts';
import { bootDisk } from '../plan/drives.ts';
import { refuseForeign } from '../refusals.ts';
import { vmSubject } from '../subject.ts';
import { dataDisks, isBootable, otherDisks, type VmDisk } from './vm-disks.ts';

export interface DiskQuery {
  readonly vmid: Vmid;
  /** Slot, volume, or name of the disk; `''` and `root`: the one the VM boots from. */
  readonly disk: string;
  /** A snapshot's name; `''`: as the disk is now. */
  readonly snapshot: string;
}

export interface DiskInfo {
  readonly slot: string;
  readonly volid: string;
  readonly format: string;
  readonly virtualBytes: number;
  /** 0 where PVE does not say: of a disk as a snapshot has it, and of a device of the node. */
  readonly actualBytes: number;
  readonly isBootable: boolean;
  /** Snapshots of the VM that hold this very volume, the oldest first. */
  readonly snapshots: readonly string[];
  /** The template's volume that a linked clone goes back to; `''` for a disk of its own. */
  readonly backing: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const WANTED = 'tell of a disk';

/** Throws `not-found` for a VM, a snapshot or a disk that is not there, the latter two with what there is. */
export async function readDiskInfo(
  ctx: Context,
  query: DiskQuery,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<DiskInfo> {
  const vm = await observeVm(ctx, query.vmid, WANTED, call);
  if (vm === undefined) {
    const why = 'there is no such VM';
    throw new Fault('not-found', { subject: vmSubject({ vmid: query.vmid }), wanted: WANTED, why });
  }
  refuseForeign(vm.ownership, { ...vm.guest, name: vm.config.values['name'] }, WANTED, asker);
  const kept = await readKept(ctx, vm, call);
  const values = query.snapshot === '' ? vm.config.values : snapshotValues(vm, kept, query.snapshot);
  const disk = findDisk(vm, values, query);
  const inside = query.snapshot === '' ? await lookInside(ctx, vm, disk, call) : undefined;
  return {
    slot: disk.slot,
    volid: disk.volid,
    format: disk.format,
    virtualBytes: inside?.sizeBytes ?? disk.drive.sizeBytes ?? 0,
    actualBytes: inside?.usedBytes ?? 0,
    isBootable: isBootable(values, disk.slot),
    snapshots: kept.filter((snapshot) => holds(snapshot.values, disk)).map(({ name }) => name),
    backing: backingOf(disk.volid),
    metadata: metadataOf(vm, disk, inside),
  };
}

interface Kept extends Pick<Snapshot, 'name'> {
  readonly values: Readonly<Record<string, string>>;
}

const AT_ONCE = 2;

/** What each snapshot has of the VM: the list of them does not say of which disks. */
async function readKept(ctx: Context, vm: ClaimedVm, call: Deadline): Promise<Kept[]> {
  const snapshots = await listSnapshots(ctx.pve, vm.guest, call);
  const kept: (Kept & { readonly at: number })[] = [];
  await pooled(snapshots, AT_ONCE, async ({ name, takenSeconds }) => {
    kept.push({ name, at: takenSeconds ?? 0, values: await readSnapshotConfig(ctx.pve, vm.guest, name, call) });
  });
  return kept.sort((a, b) => a.at - b.at);
}

function snapshotValues(vm: ClaimedVm, kept: readonly Kept[], name: string): Kept['values'] {
  const found = kept.find((snapshot) => snapshot.name === name);
  if (found !== undefined) return found.values;
  const names = kept.length === 0 ? 'the VM has none' : `there are ${kept.map((one) => one.name).join(', ')}`;
  const why = `it has no snapshot "${name}"`;
  throw new Fault('not-found', {
    subject: vm.subject,
    wanted: WANTED,
    why,
    remedy: `Name one of its snapshots: ${names}`,
  });
}

function findDisk(vm: ClaimedVm, values: Kept['values'], { disk: id }: DiskQuery): VmDisk {
  const data = dataDisks(values);
  const all = [...data, ...otherDisks(values)];
  const boots = bootDisk(values)?.slot;
  const isRoot = id === '' || id.toLowerCase() === 'root';
  const found =
    all.find(({ slot, volid }) => slot === id || volid === id) ??
    (isRoot
      ? data.find(({ slot }) => slot === boots)
      : all.find(({ drive }) => isSerialOf(drive.rest?.['serial'], id)));
  if (found !== undefined) return found;
  const there = all.map(({ slot, volid }) => `${slot} (${volid})`).join(', ');
  throw new Fault('not-found', {
    subject: vm.subject,
    wanted: WANTED,
    why: id === '' ? 'it has no disk to boot from' : `it has no disk "${id}"`,
    remedy: there === '' ? 'Give it a disk' : `Name one of its disks: ${there}`,
  });
}

/** Undefined for a device of the node, which is no volume. */
async function lookInside(
  ctx: Context,
  { guest }: ClaimedVm,
  { storage, volid }: VmDisk,
  call: Deadline,
): Promise<VolumeInside | undefined> {
  if (storage === undefined) return undefined;
  return await readVolume(ctx.pve, { node: guest.node, storage }, volid, call);
}

function holds(values: Kept['values'], { volid }: VmDisk): boolean {
  return [...dataDisks(values), ...otherDisks(values)].some((disk) => disk.volid === volid);
}

/** In the name on storages that put the clone below its base; others do not say (pve-behaviour 8.3). */
function backingOf(volid: string): string {
  return /^(.*base-\d+-[^/]+)\/(?:\d+\/)?(?:vm|base)-/.exec(volid)?.[1] ?? '';
}

function metadataOf({ guest }: ClaimedVm, { slot, storage }: VmDisk, inside: VolumeInside | undefined) {
  return {
    node: guest.node,
    slot,
    ...(storage === undefined ? {} : { storage }),
    ...(inside?.path === undefined ? {} : { file: inside.path }),
  };
}
