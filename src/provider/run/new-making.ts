// A VM made from nothing: its boot disk is blank, perhaps with an ISO to install from, or imported from an image. The
// call that makes it says what cannot come later; all else is set as it is on a clone.
import { Fault, invalidSpec } from '#domain/fault';
import { GIB } from '#domain/quantity';
import { type ImageSource, rootDiskOf, type VmSpec } from '#domain/vm-spec';
import { formatDrive } from '#pve/codec/drive';
import { PveError, pveWords } from '#pve/errors';
import { createVm } from '#pve/qemu/create';
import type { PveVersion } from '#pve/rules/versions';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { chooseNewDiskStorage } from '../observe/disk-storage.ts';
import { type DiskImage, observeDiskImage, requireIso, rightsFor } from '../observe/medium.ts';
import { diskTypeOf, newImageFormat, typeOptions } from '../plan/disk-type.ts';
import { wantedBootDisk } from '../plan/facets/boot-disk.ts';
import { vmSubject } from '../subject.ts';
import type { Making, Place } from './making.ts';

export type NewSource = Exclude<ImageSource, { kind: 'template' }>;

const BOOT_DISK = 'scsi0';
/** Never where a cloud-init seed goes. */
const INSTALL_CD = 'sata0';

/** Throws what keeps the VM from being made on `node`. */
export async function newMaking(
  ctx: Context,
  { spec }: CreateOrder,
  image: NewSource,
  { view, node }: Place,
  call: Deadline,
): Promise<Making> {
  const storage = await chooseNewDiskStorage(ctx, spec, node, call);
  if (image.kind === 'iso') await requireIso(ctx, image.volume, node, call);
  const source = image.kind === 'disk' ? await observeDiskImage(ctx, view, image.volume, node, call) : undefined;
  const sizeBytes = image.kind === 'disk' ? source?.sizeBytes : blankBytes(spec);
  const cd: Record<string, string> =
    image.kind === 'iso' ? { [INSTALL_CD]: formatDrive({ file: image.volume, media: 'cdrom' }) } : {};
  const common = { ...plainOptions(spec, ctx.version), ...cd };
  const disk = diskOptions(spec, storage.type);
  const imported = image.kind === 'disk' ? image.volume : undefined;
  return {
    node,
    target: node,
    from: image.kind === 'blank' ? `a blank disk on ${node}` : image.volume,
    values: {
      ...common,
      [BOOT_DISK]: formatDrive({ file: `${storage.storage}:vm-0-disk-0`, sizeBytes, rest: disk.rest }),
    },
    text: '',
    begin: async (vm, time) => {
      const config = { ...common, [BOOT_DISK]: newDisk(storage.storage, sizeBytes, imported, disk) };
      const working = source?.workingStorage;
      const options = { ...vm, config, ...(working === undefined ? {} : { 'import-working-storage': working }) };
      try {
        return await createVm(ctx.pve, node, options, time);
      } catch (error) {
        throw explained(error, vm.name, source);
      }
    },
  };
}

/** What PVE's own interface gives a new VM since it has the model. Of the API's default many systems no longer start. */
const CPU = { model: 'x86-64-v2-AES', since: 8 } as const;

/** What a VM is that no template shapes. Firmware is said at once, so that nothing has ever been installed for another. */
function plainOptions({ size, image }: VmSpec, version: PveVersion): Record<string, string> {
  return {
    ...plainHardware(size.extra['ostype'] ?? 'l26', version),
    boot: `order=${image.kind === 'iso' ? `${BOOT_DISK};${INSTALL_CD}` : BOOT_DISK}`,
    ...(size.firmware === 'uefi' ? { bios: 'ovmf' } : {}),
  };
}

export function plainHardware(ostype: string, { major }: PveVersion): Record<string, string> {
  return { scsihw: 'virtio-scsi-single', ostype, ...(major >= CPU.since ? { cpu: CPU.model } : {}) };
}

interface DiskOptions {
  readonly rest: Readonly<Record<string, string>>;
  readonly format: string | undefined;
}

function diskOptions(spec: VmSpec, storageType: string): DiskOptions {
  const type = diskTypeOf(spec, rootDiskOf(spec)?.disk);
  const typed = Object.entries(typeOptions(type, 'scsi')).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  const format = newImageFormat(type, storageType);
  return { rest: { iothread: '1', ...Object.fromEntries(typed) }, format };
}

function newDisk(
  storage: string,
  sizeBytes: number | undefined,
  imported: string | undefined,
  { rest, format }: DiskOptions,
): string {
  const gib = imported === undefined ? (sizeBytes ?? 0) / GIB : 0;
  const asked = {
    ...rest,
    ...(format === undefined ? {} : { format }),
    ...(imported === undefined ? {} : { 'import-from': imported }),
  };
  return formatDrive({ file: `${storage}:${gib}`, rest: asked });
}

function blankBytes(spec: VmSpec): number {
  const wanted = wantedBootDisk(spec);
  if (wanted !== undefined) return wanted.bytes;
  throw invalidSpec(
    'disks_json',
    'a VM that is made without a template needs to know the size of its boot disk',
    'Add a disk named "root" with a size, or set DiskDefaults.SizeGiB in the VMClass',
  );
}

/** PVE names the one right it has found missing first, not all that an import needs. */
function explained(error: unknown, name: string, source: DiskImage | undefined): unknown {
  if (!(error instanceof PveError) || error.status !== 403 || source?.owner === undefined) return error;
  return new Fault(
    'forbidden',
    {
      subject: vmSubject({ name }),
      wanted: 'create',
      why: `PVE says "${pveWords(error)}"`,
      remedy: `To import a disk of another VM grant user and token ${rightsFor({ filter: { vmid: source.owner } }, source.storage)}`,
    },
    { cause: error },
  );
}
