// An image that is there under a name of PVE's: nothing is made, and the answer is what Create takes.
import { Fault } from '#domain/fault';
import { bootDisk } from '../plan/drives.ts';
import { storageOf } from '#pve/codec/drive';
import type { Vmid } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import type { ExistingImage } from '#rpc/payload/image-prepare';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { requireImage, requireIso } from '../observe/medium.ts';
import { findTemplates } from '../observe/original.ts';

export interface ReadyImage {
  /** A VMID, or a volume. */
  readonly id: string;
  /** The volume: of a template that of its boot disk. */
  readonly path: string;
}

/** Throws `invalid-spec` where there is none, or more than one is meant; `busy` while it is still being made. */
export async function readExistingImage(ctx: Context, image: ExistingImage, call: Deadline): Promise<ReadyImage> {
  if ('volume' in image) {
    await requireSomewhere(ctx, image, call);
    return { id: image.volume, path: image.volume };
  }
  const snapshot = await ctx.view.read(call, 0);
  const [found] = await findTemplates(ctx, snapshot, { ref: image.template, node: image.node }, call);
  if (found === undefined) throw new RangeError('nothing is found');
  return { id: String(found.guest.vmid), path: bootDisk(found.values)?.drive.file ?? '' };
}

/** On the node that is named, else on any that has the storage. */
async function requireSomewhere(
  ctx: Context,
  { volume, content, node }: Extract<ExistingImage, { readonly volume: string }>,
  call: Deadline,
): Promise<void> {
  const { storages, nodes } = await ctx.view.read(call, 0);
  const storage = storageOf({ file: volume });
  const places = storages.filter(
    (sight) =>
      sight.storage === storage &&
      nodes.get(sight.node)?.online === true &&
      (node === undefined || sight.node === node),
  );
  let refusal: unknown;
  for (const place of places) {
    try {
      if (content === 'iso') return await requireIso(ctx, volume, place.node, call);
      return await requireImage(ctx, volume, place.node, call);
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'invalid-spec') throw error;
      refusal = error;
    }
  }
  throw refusal ?? new Fault('invalid-spec', { subject: 'image_json', why: noStorage(volume, node) });
}

function noStorage(volume: string, node: string | undefined): string {
  const where = node === undefined ? 'no node that is online has' : `node ${node} does not have`;
  return `${where} the storage of "${volume}", or we may not see it (Datastore.Audit)`;
}

/** Volume of the disk of a template that is ready; '' where it cannot be read now. */
export async function diskOf(ctx: Context, vmid: Vmid, call: Deadline): Promise<string> {
  try {
    const guest = (await ctx.view.read(call, VIEW_MAX_AGE_MS)).guests.get(vmid);
    if (guest === undefined) return '';
    return bootDisk((await readConfig(ctx.pve, guest, call)).values)?.drive.file ?? '';
  } catch {
    return '';
  }
}

const VIEW_MAX_AGE_MS = 60_000;
