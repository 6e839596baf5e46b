// The template a VM is to be made from: found by name or VMID, anywhere in the cluster.
import { Fault, invalidSpec } from '#domain/fault';
import type { ImageSource } from '#domain/vm-spec';
import type { GuestEntry } from '#pve/cluster/resources';
import type { Pve } from '#pve/connection/pve';
import { type NodeName, parseVmid, type Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import type { Deadline } from '#runtime/deadline';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';

export interface Template {
  readonly guest: GuestEntry;
  readonly config: VmConfig;
}

type TemplateSource = Extract<ImageSource, { kind: 'template' }>;

const FIELD = 'image_json.TemplateName';

/** Throws `invalid-spec` where none, or more than one, is meant. */
export async function observeTemplate(
  pve: Pve,
  snapshot: Snapshot,
  image: TemplateSource,
  call: Deadline,
): Promise<Template> {
  const guest = findGuest(snapshot, image);
  const config = await readConfig(pve, guest, call);
  const isNamed = parseVmid(image.ref) === undefined;
  // The view may still show the name and the numbers of whoever had this id before (pve-behaviour 26).
  if (isNamed && config.values['name'] !== image.ref) throw notYet(snapshot, guest, image.ref);
  if (config.values['template'] !== '1') throw notATemplate({ ...guest, name: config.values['name'] });
  return { guest, config };
}

function findGuest(snapshot: Snapshot, image: TemplateSource): GuestEntry {
  const vmid = parseVmid(image.ref);
  const guest = vmid === undefined ? findByName(snapshot, image.ref) : snapshot.guests.get(vmid);
  if (guest === undefined) throw unknownTemplate(snapshot, image.ref);
  if (guest.type === 'lxc') {
    throw invalidSpec(FIELD, `${guest.vmid} is a container, not a VM`, `Name a template. ${listTemplates(snapshot)}`);
  }
  if (image.node !== undefined && image.node !== guest.node) {
    const why = `template ${image.ref} is on ${guest.node}, not on ${image.node}`;
    throw invalidSpec('image_json.Node', why, 'Name that node, or none');
  }
  return guest;
}

function notATemplate(guest: { name: string | undefined; vmid: Vmid; node: NodeName }): Fault {
  return new Fault('unsupported', {
    subject: vmSubject(guest),
    wanted: 'use as image',
    why: 'it is not a template, and this version makes VMs from templates only',
    remedy: 'Convert it to a template',
  });
}

function notYet(snapshot: Snapshot, guest: GuestEntry, name: string): Fault {
  return new Fault('busy', {
    subject: vmSubject(guest),
    wanted: `use as image ${name}`,
    why: 'it has another name now',
    remedy: `PVE takes some seconds to show new names. ${listTemplates(snapshot)}`,
  });
}

function findByName(snapshot: Snapshot, name: string): GuestEntry | undefined {
  const named = [...snapshot.guests.values()].filter((guest) => guest.name === name && guest.type === 'qemu');
  const templates = named.filter((guest) => guest.template);
  const candidates = templates.length > 0 ? templates : named;
  if (candidates.length <= 1) return candidates[0];
  const places = candidates.map((guest) => `${guest.vmid} on ${guest.node}`).sort();
  throw invalidSpec(FIELD, `"${name}" is the name of ${places.join(', ')}`, 'Name one of them by its VMID');
}

/** A guest without a name is new, or its node has been silent for minutes: it may be the one. */
function unknownTemplate(snapshot: Snapshot, ref: string): Fault {
  const nameless = [...snapshot.guests.values()].filter((guest) => guest.status === 'unknown');
  if (nameless.length === 0) {
    return invalidSpec(
      FIELD,
      `there is no template "${ref}", or we may not see it (VM.Audit)`,
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

const LISTED = 8;

function listTemplates(snapshot: Snapshot): string {
  const templates = [...snapshot.guests.values()].filter((guest) => guest.template && guest.type === 'qemu');
  if (templates.length === 0) return 'There are no templates';
  const names = templates.map((guest) => `${guest.name ?? '?'} (${guest.vmid})`).sort();
  return `Templates: ${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ', ...' : ''}`;
}
