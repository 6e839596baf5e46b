// The numbered options: which there are and how many of each (pve-behaviour 3).

const COUNTS = {
  ide: 4,
  sata: 6,
  scsi: 31,
  virtio: 16,
  efidisk: 1,
  tpmstate: 1,
  unused: 256,
  net: 32,
  ipconfig: 32,
  serial: 4,
  parallel: 3,
  usb: 14,
  hostpci: 16,
  numa: 8,
  virtiofs: 10,
} as const;

export type SlotKind = keyof typeof COUNTS;
/** The buses on which disks and CDs are. */
export type DiskBus = 'ide' | 'sata' | 'scsi' | 'virtio';

export interface Slot {
  readonly kind: SlotKind;
  readonly index: number;
}

/** `scsi0` is slot 0 of scsi; undefined for an option without a number, or with one that PVE does not have. */
export function parseSlot(key: string): Slot | undefined {
  const match = /^([a-z]+)(0|[1-9]\d{0,2})$/.exec(key);
  const [, kind = '', digits = ''] = match ?? [];
  if (!isSlotKind(kind) || Number(digits) >= COUNTS[kind]) return undefined;
  return { kind, index: Number(digits) };
}

export function formatSlot(slot: Slot): string {
  return `${slot.kind}${slot.index}`;
}

export function isDiskBus(kind: SlotKind): kind is DiskBus {
  return kind === 'ide' || kind === 'sata' || kind === 'scsi' || kind === 'virtio';
}

/** How many slots of a kind there are. */
export function slotCount(kind: SlotKind): number {
  return COUNTS[kind];
}

/** The slots of a kind that are set, in order of their number, with their values. */
export function slotsOf(
  values: Readonly<Record<string, string>>,
  kind: SlotKind,
): readonly { readonly key: string; readonly index: number; readonly value: string }[] {
  return Object.keys(values)
    .filter((key) => key.startsWith(kind))
    .flatMap((key) => {
      const slot = parseSlot(key);
      return slot?.kind === kind ? [{ key, index: slot.index, value: values[key] ?? '' }] : [];
    })
    .sort((a, b) => a.index - b.index);
}

function isSlotKind(text: string): text is SlotKind {
  return Object.hasOwn(COUNTS, text);
}
