// An image from the web becomes a template, or one on each node that is named, where one cannot serve several of them. The
// first is begun alone, since every other request for the image meets it at its slots; where it is says who needs another.
import { shorten } from '#claim/record';
import { Fault } from '#domain/fault';
import type { Vmid } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import type { WebImage } from '#rpc/payload/image-prepare';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import type { CreateOrder } from '../../create-order.ts';
import { isForGood } from '../../faults.ts';
import { furtherImageOrder, imageOrder } from '../../image-request.ts';
import {
  namedNodes,
  type Seat,
  type SeatedTemplate,
  seatedTemplates,
  seatOf,
  serves,
} from '../../observe/image-nodes.ts';
import { locate, type Snapshot } from '../../view/cluster-view.ts';
import type { CreateOutcome, CreateRuns } from '../create-runs.ts';
import type { LongCopy } from '../run-time.ts';
import { findWorkplaces } from './workplaces.ts';

export interface ImageOutcome {
  /** The template that is told; all of an image are one source. */
  readonly vmid: Vmid;
  /** Whether that one is ready. */
  readonly isReady: boolean;
  /** Those that are still being made. */
  readonly running: readonly LongCopy[];
}

export async function prepareImage(
  ctx: Context,
  runs: CreateRuns,
  image: WebImage,
  call: Deadline,
): Promise<ImageOutcome> {
  const { nodes } = image;
  if (!image.imports) return await useWhatIsThere(ctx, runs, image, call);
  if (nodes !== undefined) return await prepareOnNodes(ctx, runs, { ...image, nodes }, call);
  return outcomeOf([await runs.run(imageOrder(image), call)]);
}

/** Throws `not-found` where there is neither a template of the image nor what is to become one. */
async function useWhatIsThere(ctx: Context, runs: CreateRuns, image: WebImage, call: Deadline): Promise<ImageOutcome> {
  const view = await ctx.view.read(call, 0);
  const there = await seatedTemplates(ctx, imageOrder(image), view, call);
  if (there.length === 0) {
    const why = 'no template has been made of it, and none is to be made (prepare.onMissing)';
    throw new Fault('not-found', { ...doing({ name: image.target }), why, remedy: 'Set onMissing to Import' });
  }
  const order = firstOrder({ ...image, nodes: image.nodes ?? [] }, { nodes: [], there, places: [] }, view);
  return outcomeOf([await runs.run(order, call)]);
}

function outcomeOf(outcomes: readonly CreateOutcome[]): ImageOutcome {
  const [first] = outcomes;
  if (first === undefined) throw new RangeError('an image has a template');
  const running = outcomes.flatMap((outcome) => outcome.running ?? []);
  return { vmid: first.vmid, isReady: first.running === undefined, running };
}

type ManyNodes = WebImage & { readonly nodes: readonly string[] };

/** What there is before anything is made. */
interface Ground {
  readonly nodes: readonly string[];
  readonly there: readonly SeatedTemplate[];
  /** Where others can be made. */
  readonly places: readonly Seat[];
}

async function prepareOnNodes(ctx: Context, runs: CreateRuns, image: ManyNodes, call: Deadline): Promise<ImageOutcome> {
  const view = await ctx.view.read(call, 0);
  const nodes = namedNodes(ctx, image.nodes, imageOrder(image), view);
  const there = await seatedTemplates(ctx, imageOrder(image), view, call);
  const unserved = nodes.filter((node) => !there.some((seat) => serves(seat, node, view)));
  const places = await findWorkplaces(ctx, image, unserved, view, call);
  const ground = { nodes, there, places };
  const first = await begin(ctx, runs, firstOrder(image, ground, view), call);
  const further = nodesInNeed(image, ground, first.seat, view);
  const outcomes = await all([
    first.outcome,
    ...further.map(async ({ node }) => await runs.run(furtherImageOrder(image, node), call)),
  ]);
  await requireInPlace(ctx, image, further, outcomes.slice(1), call);
  return outcomeOf(outcomes);
}

/** The template that is told: where it is gone, and all nodes have theirs, one of these. */
function firstOrder(image: ManyNodes, { nodes, there, places }: Ground, view: Snapshot): CreateOrder {
  const order = imageOrder(image, places.length > 0 ? places.map(({ node }) => node) : nodes);
  const isThere = there.some((seat) => seat.owner === shorten(order.owner.name));
  if (isThere || places.length > 0) return order;
  const node = [...view.nodes.keys()].toSorted().find((name) => furtherOf(image, name, there) !== undefined);
  return node === undefined ? order : furtherImageOrder(image, node);
}

function furtherOf(image: WebImage, node: string, there: readonly SeatedTemplate[]): SeatedTemplate | undefined {
  const { owner } = furtherImageOrder(image, node);
  return there.find((seat) => seat.owner === shorten(owner.name));
}

interface Begun {
  readonly seat: Seat;
  readonly outcome: Promise<CreateOutcome>;
}

/** Waits only until it is there, not until it is ready. */
async function begin(ctx: Context, runs: CreateRuns, order: CreateOrder, call: Deadline): Promise<Begun> {
  const begun = Promise.withResolvers<Vmid>();
  const outcome = runs.run(order, call, begun.resolve);
  const vmid = await Promise.race([begun.promise, outcome.then((made) => made.vmid)]);
  // What becomes of it is told with the others.
  outcome.catch(() => undefined);
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest !== undefined) return { seat: seatOf(guest.node, await readConfig(ctx.pve, guest, call)), outcome };
  const why = `its template ${vmid} was deleted meanwhile`;
  throw new Fault('busy', { ...doing(order.spec), why, remedy: 'The next try looks again' });
}

/** A node that needs a template of its own, and where that one is or will be. */
interface Need {
  readonly node: string;
  readonly seat: Seat;
}

/** In the same order for everybody who asks: those that have one, then those where one can be made. */
function nodesInNeed(image: WebImage, { nodes, there, places }: Ground, first: Seat, view: Snapshot): Need[] {
  const own = nodes.flatMap((node) => {
    const seat = furtherOf(image, node, there);
    return seat === undefined ? [] : [{ node, seat }];
  });
  const others = nodes.map((node) => ({ node, seat: places.find((place) => place.node === node) }));
  const apt = others.flatMap(({ node, seat }) => (seat === undefined ? [] : [{ node, seat }]));
  const needs: Need[] = [];
  for (const need of [...own, ...apt]) {
    if (needs.some(({ node }) => node === need.node)) continue;
    const isServed = [first, ...needs.map(({ seat }) => seat)].some((seat) => serves(seat, need.node, view));
    if (!isServed) needs.push(need);
  }
  return needs;
}

/** All of them end or are handed over before one is told to have failed; what is a mistake is told before what passes. */
async function all(work: readonly Promise<CreateOutcome>[]): Promise<CreateOutcome[]> {
  const settled = await Promise.allSettled(work);
  const reasons: unknown[] = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof Fault && isForGood(reason)) ?? reasons[0];
  return await Promise.all(work);
}

/** Throws where somebody has moved a template away from the node that it was made for. */
async function requireInPlace(
  ctx: Context,
  image: WebImage,
  needs: readonly Need[],
  outcomes: readonly CreateOutcome[],
  call: Deadline,
): Promise<void> {
  if (needs.length === 0) return;
  const view = await ctx.view.read(call, 0);
  for (const [index, { node, seat }] of needs.entries()) {
    const vmid = outcomes[index]?.vmid;
    const now = vmid === undefined ? undefined : view.guests.get(vmid)?.node;
    if (now === undefined || serves({ ...seat, node: now }, node, view)) continue;
    const why = `its template for ${node} (VM ${vmid}) is on ${now}`;
    throw new Fault('precondition', { ...doing({ name: image.target }), why, remedy: 'Migrate it back, or delete it' });
  }
}

function doing({ name }: { readonly name: string }) {
  return { subject: `image ${name}`, wanted: 'prepare' };
}
