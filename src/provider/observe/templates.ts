// The templates of one image. On local storage PVE keeps a template on one node, so that an image may have one on each node;
// together they are one source. What makes them one is what their claims say: made by us, of one name and one content.
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { invalidSpec } from '#domain/fault';
import type { GuestEntry } from '#pve/cluster/resources';
import { PveError, PveNoAnswer } from '#pve/errors';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { Snapshot } from '../view/cluster-view.ts';

/** A template or a VM, with its configuration. */
export type Template = VmConfig & { readonly guest: GuestEntry };

/** What a template of ours is made of, and whether it is ready; undefined for others. */
function imageOf(ctx: Context, { guest, values }: Template): { digest: string; isReady: boolean } | undefined {
  const ownership = judgeOwnership(readClaim(values['description']), ctx.instance, guest.vmid);
  if (ownership.kind !== 'ours' || ownership.claim.kind !== 'image') return undefined;
  const { digest, state } = ownership.claim;
  return { digest, isReady: state === 'ready' && values['template'] === '1' };
}

/** The other templates of its image that can be copied now. PVE is asked only about templates of the same name. */
export async function furtherTemplates(
  ctx: Context,
  view: Snapshot,
  template: Template,
  call: Deadline,
): Promise<Template[]> {
  const image = imageOf(ctx, template);
  const name = template.values['name'];
  if (image === undefined || name === undefined) return [];
  const others = templatesNamed(view, name).filter(({ vmid }) => vmid !== template.guest.vmid);
  const read = await readThere(ctx, view, others, call);
  return read.filter((other) => {
    const its = imageOf(ctx, other);
    return other.values['name'] === name && its?.isReady === true && its.digest === image.digest;
  });
}

/**
 * Several of one name: of one image they are the templates that can be copied now, the lowest VMID first. Throws
 * `invalid-spec` for `field` where any of them is something else.
 */
export async function oneImage(
  ctx: Context,
  view: Snapshot,
  { name, guests, field }: { readonly name: string; readonly guests: readonly GuestEntry[]; readonly field: string },
  call: Deadline,
): Promise<Template[]> {
  const read = (await readThere(ctx, view, guests, call)).filter(({ values }) => values['name'] === name);
  const images = read.map((template) => ({ template, image: imageOf(ctx, template) }));
  const [first] = images;
  if (first?.image === undefined || images.some(({ image }) => image?.digest !== first.image?.digest)) {
    const places = guests.map((guest) => `${guest.vmid} on ${guest.node}`).sort();
    throw invalidSpec(field, `"${name}" is the name of ${places.join(', ')}`, 'Name one of them by its VMID');
  }
  const ready = images.filter(({ image }) => image?.isReady === true);
  // Where none is, the first says why.
  return (ready.length === 0 ? [first] : ready)
    .map(({ template }) => template)
    .toSorted((a, b) => a.guest.vmid - b.guest.vmid);
}

export function templatesNamed({ guests }: Snapshot, name: string): GuestEntry[] {
  return [...guests.values()].filter((guest) => guest.name === name && guest.template && guest.type === 'qemu');
}

/** Those that can be read now: from a node that is off, or does not answer, nothing can be copied. */
export async function readThere(
  ctx: Context,
  { nodes }: Snapshot,
  guests: readonly GuestEntry[],
  call: Deadline,
): Promise<Template[]> {
  const there = guests.filter(({ node }) => nodes.get(node)?.online === true);
  const read = await Promise.all(
    there.map(async (guest) => {
      try {
        return [{ ...(await readConfig(ctx.pve, guest, call)), guest }];
      } catch (error) {
        call.signal.throwIfAborted();
        if (!(error instanceof PveError) && !(error instanceof PveNoAnswer)) throw error;
        ctx.log.debug('A template is left out', { vmid: guest.vmid, node: guest.node, error });
        return [];
      }
    }),
  );
  return read.flat();
}
