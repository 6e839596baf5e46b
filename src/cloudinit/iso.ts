// An ISO 9660 image with a handful of files in its root, read by Linux through its Rock Ridge names and by Windows
// through its Joliet names. Both volumes share the files. The same input gives the same bytes.
import { ascii, bytes, concat, padToSectors, padTo, SECTOR_BYTES, sectorsOf, utf16, zeros } from './iso-bytes.ts';
import {
  descriptorsEnd,
  type DirectoryEntry,
  directoryRecord,
  type Extent,
  pathTable,
  volumeDescriptor,
} from './iso-records.ts';
import { fileEntry, PARENT_ENTRY, ROOT_ENTRY } from './rock-ridge.ts';

export interface IsoFile {
  /** 1 to 27 of `a-z0-9_-`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface PlacedFile extends IsoFile {
  readonly extent: Extent;
}

/** What lies where, in sectors. The first 16 belong to whatever boots, which is nothing here. */
const SYSTEM_AREA_SECTORS = 16;
const PRIMARY = { littlePathTable: 19, bigPathTable: 20, directory: 23 };
const JOLIET = { littlePathTable: 21, bigPathTable: 22, directory: 24 };
const FIRST_FILE_SECTOR = 25;

/**
 * The bytes of an image, a multiple of 2,048.
 * @param options.label volume label, at most 16 ASCII characters; cloud-init looks for `cidata`.
 * Throws RangeError for other names than IsoFile allows, for two that ISO 9660 cannot tell apart, and for more files
 * than one sector of directory holds (about 16).
 */
export function buildIso(files: readonly IsoFile[], options: { readonly label: string }): Uint8Array {
  checkNames(files);
  const placed = place(files);
  const sectors = placed.reduce((next, file) => next + sectorsOf(file.bytes.length), FIRST_FILE_SECTOR);
  const volumes = [
    { kind: 'primary', at: PRIMARY, directory: primaryDirectory(placed) },
    { kind: 'joliet', at: JOLIET, directory: jolietDirectory(placed) },
  ] as const;
  return concat(
    zeros(SYSTEM_AREA_SECTORS * SECTOR_BYTES),
    ...volumes.map(({ kind, at }) =>
      volumeDescriptor({
        kind,
        label: options.label,
        sectors,
        littlePathTableSector: at.littlePathTable,
        bigPathTableSector: at.bigPathTable,
        root: rootExtent(at.directory),
      }),
    ),
    descriptorsEnd(),
    ...volumes.flatMap(({ at }) => [
      padToSectors(pathTable(at.directory, 'little')),
      padToSectors(pathTable(at.directory, 'big')),
    ]),
    ...volumes.map(({ directory }) => directory),
    ...placed.map((file) => padToSectors(file.bytes)),
  );
}

/** Files lie behind one another; an empty one has no sector of its own. */
function place(files: readonly IsoFile[]): PlacedFile[] {
  let sector = FIRST_FILE_SECTOR;
  return files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((file) => {
      const extent = { sector, length: file.bytes.length };
      sector += sectorsOf(file.bytes.length);
      return { ...file, extent };
    });
}

function primaryDirectory(files: readonly PlacedFile[]): Uint8Array {
  const sorted = files.toSorted((a, b) => (isoName(a.name) < isoName(b.name) ? -1 : 1));
  return directory(PRIMARY.directory, { self: ROOT_ENTRY, parent: PARENT_ENTRY }, sorted, (file) => ({
    identifier: ascii(isoName(file.name)),
    systemUse: fileEntry(file.name),
  }));
}

function jolietDirectory(files: readonly PlacedFile[]): Uint8Array {
  const nothing = { self: zeros(0), parent: zeros(0) };
  return directory(JOLIET.directory, nothing, files, (file) => ({ identifier: utf16(`${file.name};1`) }));
}

function directory(
  sector: number,
  systemUse: { readonly self: Uint8Array; readonly parent: Uint8Array },
  files: readonly PlacedFile[],
  describe: (file: PlacedFile) => Pick<DirectoryEntry, 'identifier' | 'systemUse'>,
): Uint8Array {
  const root = { extent: rootExtent(sector), isDirectory: true };
  const records = [
    directoryRecord({ ...root, identifier: bytes(0), systemUse: systemUse.self }),
    directoryRecord({ ...root, identifier: bytes(1), systemUse: systemUse.parent }),
    ...files.map((file) => directoryRecord({ extent: file.extent, isDirectory: false, ...describe(file) })),
  ];
  return padTo(SECTOR_BYTES, concat(...records));
}

function rootExtent(sector: number): Extent {
  return { sector, length: SECTOR_BYTES };
}

/** The name for readers that know neither Rock Ridge nor Joliet. */
function isoName(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}.;1`;
}

function checkNames(files: readonly IsoFile[]): void {
  const bad = files.find((file) => !/^[a-z0-9_-]{1,27}$/.test(file.name));
  if (bad !== undefined) throw new RangeError(`"${bad.name}" cannot be the name of a file in an ISO image of ours`);
  if (new Set(files.map((file) => isoName(file.name))).size < files.length) {
    throw new RangeError('two files of an ISO image have the same name');
  }
}
