// What a clone is made from: a template or an ordinary VM, found by name or VMID anywhere in the cluster, and perhaps a
// snapshot of it.
import { readClaim } from '#claim/record';
import { Fault, invalidSpec } from '#domain/fault';
import { type CloneMode, cloneModeOf, type ImageSource } from '#domain/vm-spec';
import type { GuestEntry } from '#pve/cluster/resources';
import { parseVmid } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import { listSnapshots, readSnapshotConfig } from '#pve/qemu/snapshots';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { isCopiable, refuseLinked, refuseUncopiable } from './copyable.ts';
import { furtherTemplates, oneImage, type Template, templatesNamed } from './templates.ts';
import { isInTheMaking } from './window.ts';

export interface Original {
  readonly guest: GuestEntry;
  readonly isTemplate: boolean;
  /** Its text, without any claim. */
  readonly text: string;
  /** The options of what is copied: of its present, or of the snapshot. */
  readonly values: Readonly<Record<string, string>>;
  readonly mode: CloneMode;
  readonly snapshot: string | undefined;
}

type TemplateSource = Extract<ImageSource, { kind: 'template' }>;
type TemplateName = Pick<TemplateSource, 'ref' | 'node'>;

const FIELD = 'image_json.TemplateName';
const SNAPSHOT_FIELD = 'image_json.Snapshot';

/**
 * What is meant, and every other template of the same image. Throws `invalid-spec` where none, or more than one, is meant,
 * and where what is meant cannot be copied like that.
 */
export async function observeOriginals(
  ctx: Context,
  { spec }: CreateOrder,
  image: TemplateSource,
  view: Snapshot,
  call: Deadline,
): Promise<readonly Original[]> {
  const mode = cloneModeOf(image, spec.size);
  const field = image.cloneMode === undefined ? 'class_json.CloneMode' : 'image_json.CloneMode';
  const [first, ...others] = (await findTemplates(ctx, view, image, call)).map((template) => asItIs(template, mode));
  if (first === undefined) throw new RangeError('nothing is found');
  const { snapshot: name } = image;
  if (name !== undefined) {
    const values = await snapshotValues(ctx, first.guest, { name, field: SNAPSHOT_FIELD }, call);
    const original = { ...first, values, snapshot: name };
    refuseUncopiable(view, original, field);
    return [original];
  }
  refuseLinked(first, field);
  const copiable = [first, ...others].filter((original) => isCopiable(view, original));
  if (copiable.length === 0) refuseUncopiable(view, first, field);
  return copiable;
}

function asItIs({ guest, values }: Template, mode: CloneMode): Original {
  const isTemplate = values['template'] === '1';
  return { guest, isTemplate, text: readClaim(values['description']).text, values, mode, snapshot: undefined };
}

/**
 * What is meant, with its configuration, and behind it the further templates of its image, unless a node is named. Throws
 * for what is not there, or not, not yet or no longer whole.
 */
export async function findTemplates(
  ctx: Context,
  view: Snapshot,
  image: TemplateName,
  call: Deadline,
): Promise<readonly Template[]> {
  const { ref: name, node } = image;
  const guests = findGuests(view, image);
  const [guest] = guests;
  if (guest === undefined) throw unknownTemplate(view, name);
  const found =
    guests.length > 1
      ? await oneImage(ctx, view, { name, guests, field: FIELD }, call)
      : [{ ...(await readConfig(ctx.pve, guest, call)), guest }];
  const [first] = found;
  if (first === undefined) throw unknownTemplate(view, name);
  refuseUnfinished(view, image, first);
  if (node === first.guest.node) return [first];
  const all = guests.length > 1 ? found : [first, ...(await furtherTemplates(ctx, view, first, call))];
  if (node === undefined) return all;
  const there = all.find((template) => template.guest.node === node);
  if (there !== undefined) return [there];
  const why = `template ${name} is on ${all.map((template) => template.guest.node).join(', ')}, not on ${node}`;
  throw invalidSpec('image_json.Node', why, 'Name that node, or none');
}

/** Several only where they have one name. */
function findGuests(view: Snapshot, image: TemplateName): readonly GuestEntry[] {
  const vmid = parseVmid(image.ref);
  if (vmid === undefined) return findByName(view, image);
  const guest = view.guests.get(vmid);
  if (guest?.type === 'lxc') {
    throw invalidSpec(FIELD, `${guest.vmid} is a container, not a VM`, `Name a template. ${listTemplates(view)}`);
  }
  return guest === undefined ? [] : [guest];
}

/** Throws for what is not, not yet or no longer the whole VM that is meant. */
function refuseUnfinished(snapshot: Snapshot, image: TemplateName, { guest, ...config }: Template): void {
  const { values, lock } = config;
  const doing = { subject: vmSubject({ ...guest, name: values['name'] }), wanted: `use as image ${image.ref}` };
  if (isInTheMaking(config)) {
    throw new Fault('busy', { ...doing, why: `it is locked (${lock ?? ''})`, remedy: 'The next try looks again' });
  }
  // The view may still show the name and the numbers of whoever had this id before (pve-behaviour 26).
  const hasOtherName = parseVmid(image.ref) === undefined && values['name'] !== image.ref;
  const isOther = guest.status !== 'unknown' && guest.template !== (values['template'] === '1');
  if (hasOtherName || isOther) {
    const why = hasOtherName
      ? 'it has another name now'
      : `PVE shows it as ${guest.template ? 'a' : 'no'} template still`;
    const remedy = `PVE takes some seconds to show such changes. ${listTemplates(snapshot)}`;
    throw new Fault('busy', { ...doing, why, remedy });
  }
  // Another instance's too: what is being made may have no disk yet.
  const reading = readClaim(values['description']);
  if (reading.kind !== 'claim' || reading.claim.vmid !== guest.vmid || reading.claim.state === 'ready') return;
  const isCreating = reading.claim.state === 'creating';
  throw new Fault(isCreating ? 'busy' : 'precondition', {
    ...doing,
    why: isCreating ? 'it is still being made' : 'it is being taken away',
    remedy: isCreating ? 'Wait until its create has ended' : 'Name another VM or template',
  });
}

/** What a snapshot has kept that is the snapshot's own, and no option of a copy. */
const SNAPSHOT_ONLY = /^(?:snaptime|snapstate|parent|vmstate|description|digest|running.*)$/;

/**
 * The options that a snapshot has kept. Throws `invalid-spec` for `field` where there is none of that name, and `busy` for
 * one that is incomplete.
 */
export async function snapshotValues(
  ctx: Context,
  guest: GuestEntry,
  { name, field }: { readonly name: string; readonly field: string },
  call: Deadline,
): Promise<Record<string, string>> {
  const snapshots = await listSnapshots(ctx.pve, guest, call);
  const found = snapshots.find((each) => each.name === name);
  const vm = vmSubject(guest);
  if (found === undefined) {
    const names = snapshots.map((each) => each.name).sort();
    const known = names.length === 0 ? 'It has none' : `Snapshots: ${shortList(names)}`;
    throw invalidSpec(field, `${vm} has no snapshot "${name}"`, known);
  }
  if (found.state !== undefined) {
    const why = `its snapshot "${name}" is not whole (${found.state})`;
    throw new Fault('busy', { subject: vm, wanted: 'copy', why, remedy: 'Wait for it, or name another snapshot' });
  }
  const values = await readSnapshotConfig(ctx.pve, guest, name, call);
  return Object.fromEntries(Object.entries(values).filter(([key]) => !SNAPSHOT_ONLY.test(key)));
}

/** A template goes before a VM; of several of one name the one on the image's node is meant. */
function findByName(snapshot: Snapshot, { ref: name, node }: TemplateName): readonly GuestEntry[] {
  const named = [...snapshot.guests.values()].filter((guest) => guest.name === name && guest.type === 'qemu');
  const templates = templatesNamed(snapshot, name);
  if (templates.length === 0 && named.length > 0) refuseUnnamed(snapshot, name);
  const known = templates.length > 0 ? templates : named;
  const there = known.filter((guest) => guest.node === node);
  return there.length > 0 ? there : known;
}

/** A VM is not taken for a template of its name that PVE cannot name now, since the node it is on is off. */
function refuseUnnamed({ guests, nodes }: Snapshot, name: string): void {
  const hidden = [...guests.values()].filter(
    ({ status, node }) => status === 'unknown' && nodes.get(node)?.online !== true,
  );
  const [first] = hidden;
  if (first === undefined) return;
  throw new Fault('busy', {
    subject: FIELD,
    why: `there is no template "${name}", but there may be one on ${first.node}, which is offline`,
    remedy: 'Bring the node back, or name the VM by its VMID',
  });
}

/** A guest without a name is new, or its node has been silent for minutes: it may be the one. */
function unknownTemplate(snapshot: Snapshot, ref: string): Fault {
  const nameless = [...snapshot.guests.values()].filter((guest) => guest.status === 'unknown');
  if (nameless.length === 0) {
    return invalidSpec(
      FIELD,
      `there is no template or VM "${ref}", or we may not see it (VM.Audit)`,
      listTemplates(snapshot),
    );
  }
  const places = [...new Set(nameless.map((guest) => guest.node))].sort().join(', ');
  return new Fault('busy', {
    subject: FIELD,
    why: `there is no template "${ref}" among the guests PVE can name, and it cannot name ${nameless.length} on ${places}`,
    remedy: `The next try looks again. ${listTemplates(snapshot)}`,
  });
}

function listTemplates(snapshot: Snapshot): string {
  const templates = [...snapshot.guests.values()].filter((guest) => guest.template && guest.type === 'qemu');
  if (templates.length === 0) return 'There are no templates';
  return `Templates: ${shortList(templates.map((guest) => `${guest.name ?? '?'} (${guest.vmid})`).sort())}`;
}

const LISTED = 8;

/** The first names of a list, for a message. */
export function shortList(names: readonly string[]): string {
  return `${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ', ...' : ''}`;
}
