// Whether what is to be cloned can be cloned like that: asked before anything is written, and told by the name of the
// storage that cannot. PVE asks the same again when it begins.
import { type Fault, invalidSpec } from '#domain/fault';
import { isCdrom, parseDrive, storageOf } from '#pve/codec/drive';
import { parseSlot } from '#pve/codec/slot';
import { canCopy, type CopyOrigin, isBaseImage } from '#pve/rules/copying';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import type { Original } from './original.ts';

/** Throws `invalid-spec` for a linked clone of something that changes. @param field where linked was asked for */
export function refuseLinked(original: Original, field: string): void {
  const { mode, isTemplate, snapshot, guest } = original;
  if (mode !== 'linked' || isTemplate || snapshot !== undefined) return;
  throw invalidSpec(
    field,
    `${vmSubject(guest)} is no template, and PVE makes linked clones of templates and snapshots only`,
    'Ask for a full clone, or convert it to a template',
  );
}

interface Disk {
  readonly slot: string;
  readonly volume: string;
  readonly storage: string;
}

/** Disks, with those of the firmware and the TPM; media are left out. */
function disksOf({ values }: Original): Disk[] {
  return Object.entries(values).flatMap(([slot, value]) => {
    const kind = parseSlot(slot)?.kind;
    if (kind === undefined || !DISKS.has(kind)) return [];
    const drive = parseDrive(value);
    const storage = drive === undefined || isCdrom(drive) ? undefined : storageOf(drive);
    return drive === undefined || storage === undefined ? [] : [{ slot, volume: drive.file, storage }];
  });
}

const DISKS: ReadonlySet<string> = new Set(['ide', 'sata', 'scsi', 'virtio', 'efidisk', 'tpmstate']);

/** Throws where the storage of a disk cannot make such a copy of it. */
export function refuseUncopiable(view: Snapshot, original: Original, field: string): void {
  const obstacle = obstacleTo(view, original);
  if (obstacle !== undefined) throw uncopiable(original, obstacle.disk, obstacle.type, field);
}

/** Whether all storages can make such a copy. */
export function isCopiable(view: Snapshot, original: Original): boolean {
  return obstacleTo(view, original) === undefined;
}

function obstacleTo(view: Snapshot, original: Original): { disk: Disk; type: string } | undefined {
  const { mode, snapshot } = original;
  // A full copy of the present is made from everything.
  if (mode === 'full' && snapshot === undefined) return undefined;
  const types = new Map(view.storages.map((each) => [each.storage, each.type]));
  for (const disk of disksOf(original)) {
    const type = types.get(disk.storage);
    // What we may not see is PVE's to say.
    if (type !== undefined && !canBeCopied(original, disk, type)) return { disk, type };
  }
  return undefined;
}

/** TPM state is copied in full in a linked clone too (pve-behaviour 13.2). */
function canBeCopied({ mode, snapshot }: Original, { slot, volume }: Disk, type: string): boolean {
  const origin: CopyOrigin = snapshot !== undefined ? 'snapshot' : isBaseImage(volume) ? 'base' : 'current';
  return canCopy(type, volume, slot.startsWith('tpmstate') ? 'full' : mode, origin);
}

function uncopiable(
  { guest, mode, snapshot }: Original,
  { slot, volume, storage }: Disk,
  type: string,
  field: string,
): Fault {
  const what = snapshot === undefined ? `${slot} (${volume})` : `snapshot "${snapshot}" of ${slot} (${volume})`;
  const why = `storage "${storage}" (${type}) cannot make a ${mode} clone of ${what} of ${vmSubject(guest)}`;
  const isLinked = mode === 'linked';
  return invalidSpec(
    isLinked ? field : 'image_json.Snapshot',
    why,
    isLinked ? 'Ask for a full clone' : 'Leave the snapshot out, or convert the VM to a template',
  );
}
