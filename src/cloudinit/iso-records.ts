// The records of an ISO 9660 image (ECMA-119), each as its fields in the standard's order. Dates are fixed, and texts
// nobody needs are blank, so that the same files give the same bytes.
import {
  ascii,
  bytes,
  concat,
  padTo,
  padToEven,
  SECTOR_BYTES,
  u16Big,
  u16Both,
  u16Little,
  u32Big,
  u32Both,
  u32Little,
  utf16,
  zeros,
} from './iso-bytes.ts';

/** Where a file or a directory lies: its first sector and its length in bytes. */
export interface Extent {
  readonly sector: number;
  readonly length: number;
}

export interface DirectoryEntry {
  readonly extent: Extent;
  readonly isDirectory: boolean;
  /** The name as its volume writes it; the byte 0 for the directory itself, 1 for its parent. */
  readonly identifier: Uint8Array;
  /** What Rock Ridge adds. */
  readonly systemUse?: Uint8Array;
}

/** 1 January 2000 in UTC: years since 1900, month, day, hour, minute, second, zone. */
const RECORD_DATE = bytes(100, 1, 1, 0, 0, 0, 0);
const VOLUME_DATE = concat(ascii('2000010100000000'), zeros(1));
const NO_DATE = concat(ascii('0000000000000000'), zeros(1));

/** ECMA-119 9.1. */
export function directoryRecord(entry: DirectoryEntry): Uint8Array {
  const record = padToEven(
    concat(
      bytes(0, 0),
      u32Both(entry.extent.sector),
      u32Both(entry.extent.length),
      RECORD_DATE,
      bytes(entry.isDirectory ? 2 : 0, 0, 0),
      u16Both(1),
      padToEven(concat(bytes(entry.identifier.length), entry.identifier)),
      entry.systemUse ?? zeros(0),
    ),
  );
  if (record.length > 255) throw new RangeError(`a directory record of ${record.length} bytes is over 255`);
  record[0] = record.length;
  return record;
}

export interface PathTableEntry {
  readonly sector: number;
  /** The number of the folder above, counted from 1; the root is its own. */
  readonly parent: number;
  /** As in DirectoryEntry. */
  readonly identifier: Uint8Array;
}

/** ECMA-119 9.4: every folder, parents before what they hold. */
export function pathTable(folders: readonly PathTableEntry[], order: 'little' | 'big'): Uint8Array {
  const [u16, u32] = order === 'little' ? [u16Little, u32Little] : [u16Big, u32Big];
  return concat(
    ...folders.map(({ sector, parent, identifier }) =>
      padToEven(concat(bytes(identifier.length, 0), u32(sector), u16(parent), identifier)),
    ),
  );
}

export interface VolumeDescriptor {
  /** The primary volume, or the one that holds the Joliet names. */
  readonly kind: 'primary' | 'joliet';
  readonly label: string;
  /** Of the whole image. */
  readonly sectors: number;
  readonly pathTableBytes: number;
  readonly littlePathTableSector: number;
  readonly bigPathTableSector: number;
  readonly root: Extent;
}

/** ECMA-119 8.4 and 8.5: one sector. */
export function volumeDescriptor(volume: VolumeDescriptor): Uint8Array {
  const joliet = volume.kind === 'joliet';
  const text = joliet ? wideText : asciiText;
  const blank = (length: number): Uint8Array => text('', length);
  return padTo(
    SECTOR_BYTES,
    concat(
      bytes(joliet ? 2 : 1),
      ascii('CD001'),
      bytes(1, 0),
      blank(32),
      text(volume.label, 32),
      zeros(8),
      u32Both(volume.sectors),
      padTo(32, joliet ? ascii('%/E') : zeros(0)),
      u16Both(1),
      u16Both(1),
      u16Both(SECTOR_BYTES),
      u32Both(volume.pathTableBytes),
      u32Little(volume.littlePathTableSector),
      zeros(4),
      u32Big(volume.bigPathTableSector),
      zeros(4),
      directoryRecord({ identifier: bytes(0), isDirectory: true, extent: volume.root }),
      ...[128, 128, 128, 128, 37, 37, 37].map(blank),
      VOLUME_DATE,
      VOLUME_DATE,
      NO_DATE,
      VOLUME_DATE,
      bytes(1),
    ),
  );
}

/** ECMA-119 8.3: one sector. */
export function descriptorsEnd(): Uint8Array {
  return padTo(SECTOR_BYTES, concat(bytes(255), ascii('CD001'), bytes(1)));
}

function asciiText(text: string, length: number): Uint8Array {
  return ascii(text.padEnd(length));
}

function wideText(text: string, length: number): Uint8Array {
  return padTo(length, utf16(text.padEnd(Math.floor(length / 2))));
}
