import { readSnapshotMark } from '#claim/snapshot-mark';
import type { Vmid } from '#pve/ids';
import type { Context } from '../context.ts';
import type { WarningCode } from '../plan/facet.ts';
import type { VmDetails } from '../view/vm-memory.ts';
import type { Observation } from './observation.ts';

const WARNINGS: Readonly<Record<WarningCode, string>> = {
  'bios-to-uefi':
    'the template is set to BIOS and the class asks for UEFI: the VM boots only from an image that supports both, as most cloud images do',
  'efi-renewed':
    "the template's UEFI variables had no keys for Secure Boot, so the VM began with new ones, without the template's boot entries: it boots by the default path of its disk",
  'full-not-linked':
    'a linked clone was asked for, and it was made in full: PVE makes linked ones of templates only, on storages that can, and beside the template',
  'image-file-left':
    'the file it was made of is still there, since we may not delete it (Datastore.Allocate): "vrtg orphans" lists it',
  'image-unverified': 'it was fetched from the web without a checksum to compare it with',
  'placement-name-unused':
    'the placement of its clone was given as the name of a policy alone, which the provider cannot read: it was placed like its source',
  'source-address-left':
    'its source has a static address in its cloud-init options; the clone uses DHCP, since nobody has given it an address of its own',
  'not-thick':
    'a disk was asked for as thick, and its storage allocates as it is set up: thin pools, Ceph and btrfs always thinly, ZFS unless "sparse" is off, files as "preallocation" says',
  'not-thin': 'a disk was asked for as thin, and its storage sets the whole size aside',
  'not-ssd': 'a disk was asked for as ssd, and on the virtio bus it cannot show itself as one',
  'not-nvme': 'a disk was asked for as nvme, and PVE has no such controller: it shows itself as an SSD',
  'local-iso':
    "its cloud-init ISO is on a node's own storage: the VM can neither be migrated nor recovered by HA while that is in its CD drive",
  'template-cloud-init-unused':
    "the template's own cloud-init options (user, password, keys, addresses) are not in effect: an ISO with the user data takes their place",
};

/** What the manager keeps in `status.provider`. Texts only, since it prints everything else oddly. */
export function rawRecord(ctx: Context, seen: Observation, details: VmDetails): Record<string, string> {
  const { guest } = seen;
  const record: Record<string, string | undefined> = {
    vmid: String(guest.vmid),
    node: guest.node,
    status: seen.status,
    qmpstatus: seen.qmpStatus,
    lock: seen.lock,
    template: details.values['template'] === '1' ? 'true' : undefined,
    claim: claimWord(details),
    on_delete: details.ownership.kind === 'unclaimed' ? onDelete(ctx, guest.vmid) : undefined,
    pending: listed(details.pending.map((change) => change.key)),
    restart_required: String(details.pending.length > 0 && seen.status !== 'stopped'),
    snapshots: details.snapshots.length === 0 ? undefined : JSON.stringify(details.snapshots.map(snapshotWords)),
    current_snapshot: details.values['parent'],
    warnings: listed([...warnings(details), ...newInstance(seen, details), ...unconfirmed(ctx, seen)]),
    warning_codes: listed(warningCodes(details)),
    observed_at: new Date(seen.observedAt).toISOString(),
    details_observed_at: new Date(details.readAt).toISOString(),
    source: seen.source,
    instance: ctx.instance,
  };
  return Object.fromEntries(Object.entries(record).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
}

/** What a delete will do to a VM that nobody has claimed. */
function onDelete(ctx: Context, vmid: Vmid): string {
  if (ctx.settings.unclaimed === 'accept') return 'destroys it, although nobody has claimed it (PVE_UNCLAIMED=accept)';
  const refused = `refused, claim it first with "vrtg adopt ${vmid}"`;
  return ctx.settings.unclaimed === 'claim' ? `${refused}: PVE_UNCLAIMED=claim does not take it` : refused;
}

function claimWord({ ownership }: VmDetails): string {
  return ownership.kind === 'ours' ? ownership.claim.state : 'none';
}

function warningCodes({ ownership }: VmDetails): readonly string[] {
  return ownership.kind === 'ours' ? (ownership.claim.warnings ?? []) : [];
}

function warnings(details: VmDetails): string[] {
  return warningCodes(details).map((code) => (code in WARNINGS ? WARNINGS[code as WarningCode] : code));
}

/** PVE derives the instance-id from the options of its drive, and a guest that finds another one sets itself up again. */
function newInstance({ status }: Observation, { seedPending }: VmDetails): string[] {
  if (status === 'stopped' || seedPending.length === 0) return [];
  return [
    `its cloud-init options were changed while it ran (${seedPending.join(', ')}): at its next start in PVE the guest takes itself for a new one, with new SSH host keys`,
  ];
}

/** How far a view may be behind. */
const UPTIME_LAG_MS = 15_000;

/** A guest that has been started since has all that it was given. */
function unconfirmed(ctx: Context, { guest, status }: Observation): string[] {
  const found = ctx.vms.peek(guest.vmid)?.unconfirmed;
  if (found === undefined || status === 'stopped') return [];
  const { what, askedAt } = found;
  if ((guest.uptimeSeconds ?? 0) * 1000 + UPTIME_LAG_MS < ctx.clock.now() - askedAt) return [];
  return [`plugged, not confirmed by the guest: ${what}, asked at ${new Date(askedAt).toISOString()}`];
}

function listed(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join('; ');
}

/** Longest text of a snapshot that is told, in characters. */
const SNAPSHOT_TEXT_LENGTH = 200;

/** `state` is told of one that is incomplete; `note` where the guest's memory was asked for and is not in it. */
function snapshotWords(snapshot: VmDetails['snapshots'][number]): Record<string, unknown> {
  const { name, parent, takenSeconds, memory, state } = snapshot;
  const time = takenSeconds === undefined ? undefined : new Date(takenSeconds * 1000).toISOString();
  const { mark, text } = readSnapshotMark(snapshot.description);
  const characters = [...text];
  const isCut = characters.length > SNAPSHOT_TEXT_LENGTH;
  const description = isCut ? `${characters.slice(0, SNAPSHOT_TEXT_LENGTH - 1).join('')}…` : text;
  const note = mark?.wantsMemory === true && !memory ? 'without memory: the guest did not run' : undefined;
  return { name, parent, time, memory, description: description === '' ? undefined : description, state, note };
}
