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

interface SourceVolume {
  readonly slot: string;
  readonly volume: string;
  readonly storage: string;
  readonly isMedium: boolean;
}

/** What a copy takes along: disks, those of the firmware and the TPM, and media; never an unused disk. */
export function volumesOf(values: Original['values']): SourceVolume[] {
  return Object.entries(values).flatMap(([slot, value]) => {
    const kind = parseSlot(slot)?.kind;
    if (kind === undefined || !DRIVES.has(kind)) return [];
    const drive = parseDrive(value);
    const storage = drive === undefined ? undefined : storageOf(drive);
    if (drive === undefined || storage === undefined) return [];
    return [{ slot, volume: drive.file, storage, isMedium: isCdrom(drive) }];
  });
}

const DRIVES: ReadonlySet<string> = new Set(['ide', 'sata', 'scsi', 'virtio', 'efidisk', 'tpmstate']);

/** Throws where the storage of a disk cannot make such a copy of it. */
export function refuseUncopiable(view: Snapshot, original: Original, field: string): void {
  const obstacle = obstacleTo(view, original);
  if (obstacle !== undefined) throw uncopiable(original, obstacle.disk, obstacle.type, field);
}

/** Whether all storages can make such a copy. */
export function isCopiable(view: Snapshot, original: Original): boolean {
  return obstacleTo(view, original) === undefined;
}

function obstacleTo(view: Snapshot, original: Original): { disk: SourceVolume; type: string } | undefined {
  const { mode, snapshot } = original;
  // A full copy of the present is made from everything.
  if (mode === 'full' && snapshot === undefined) return undefined;
  const types = new Map(view.storages.map((each) => [each.storage, each.type]));
  for (const disk of volumesOf(original.values).filter(({ isMedium }) => !isMedium)) {
    const type = types.get(disk.storage);
    // What we may not see is PVE's to say.
    if (type !== undefined && !canBeCopied(original, disk, type)) return { disk, type };
  }
  return undefined;
}

/** TPM state is copied in full in a linked clone too (pve-behaviour 13.2). */
function canBeCopied({ mode, snapshot }: Original, { slot, volume }: SourceVolume, type: string): boolean {
  const origin: CopyOrigin = snapshot !== undefined ? 'snapshot' : isBaseImage(volume) ? 'base' : 'current';
  return canCopy(type, volume, slot.startsWith('tpmstate') ? 'full' : mode, origin);
}

function uncopiable(
  { guest, mode, snapshot }: Original,
  { slot, volume, storage }: SourceVolume,
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
