// An ISO 9660 image with a handful of files, read by Linux through its Rock Ridge names and by Windows through its Joliet
// names. Both volumes share the files. The same input gives the same bytes.
import { ascii, bytes, concat, padToSectors, padTo, SECTOR_BYTES, sectorsOf, utf16, zeros } from './iso-bytes.ts';
import { type Folder, foldersOf } from './iso-folders.ts';
import {
  descriptorsEnd,
  type DirectoryEntry,
  directoryRecord,
  type Extent,
  pathTable,
  volumeDescriptor,
} from './iso-records.ts';
import { fileEntry, FOLDER_ENTRY, folderEntry, ROOT_ENTRY } from './rock-ridge.ts';

export interface IsoFile {
  /** A name, or a path such as `openstack/latest/user_data`: each part 1 to 27 of `a-z0-9_-`, then perhaps one dot and more. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface PlacedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly extent: Extent;
}

/** How one of the two volumes of an image names things. */
interface Naming {
  readonly kind: 'primary' | 'joliet';
  fileIdentifier(name: string): Uint8Array;
  folderIdentifier(name: string): Uint8Array;
  readonly hasRockRidge: boolean;
}

const NAMINGS: readonly Naming[] = [
  {
    kind: 'primary',
    fileIdentifier: (name) => ascii(isoName(name)),
    folderIdentifier: (name) => ascii(plainName(name)),
    hasRockRidge: true,
  },
  {
    kind: 'joliet',
    fileIdentifier: (name) => utf16(`${name};1`),
    folderIdentifier: utf16,
    hasRockRidge: false,
  },
];

/** What lies where, in sectors. The first 16 belong to whatever boots, which is nothing here; then come three descriptors. */
const SYSTEM_AREA_SECTORS = 16;
const FIRST_PATH_TABLE_SECTOR = 19;
const FIRST_FOLDER_SECTOR = FIRST_PATH_TABLE_SECTOR + 2 * NAMINGS.length;

/**
 * The bytes of an image, a multiple of 2,048.
 * @param options.label volume label, at most 16 ASCII characters; cloud-init looks for `cidata`.
 * Throws RangeError for other names than IsoFile allows, for two that ISO 9660 cannot tell apart, and for more files
 * in a folder than one sector of directory holds (about 16).
 */
export function buildIso(files: readonly IsoFile[], options: { readonly label: string }): Uint8Array {
  checkNames(files);
  const firstFileSector = FIRST_FOLDER_SECTOR + NAMINGS.length * foldersOf(files.map(pathOf)).length;
  const placed = place(files, firstFileSector);
  const folders = foldersOf(placed);
  const sectors = placed.reduce((next, file) => next + sectorsOf(file.bytes.length), firstFileSector);
  const volumes = NAMINGS.map((naming, index) => {
    const firstSector = FIRST_FOLDER_SECTOR + index * folders.length;
    return { naming, firstSector, tables: pathTables(naming, folders, firstSector), index };
  });
  return concat(
    zeros(SYSTEM_AREA_SECTORS * SECTOR_BYTES),
    ...volumes.map(({ naming, firstSector, tables, index }) =>
      volumeDescriptor({
        kind: naming.kind,
        label: options.label,
        sectors,
        pathTableBytes: tables.little.length,
        littlePathTableSector: FIRST_PATH_TABLE_SECTOR + 2 * index,
        bigPathTableSector: FIRST_PATH_TABLE_SECTOR + 2 * index + 1,
        root: folderExtent(firstSector),
      }),
    ),
    descriptorsEnd(),
    ...volumes.flatMap(({ tables }) => [padTo(SECTOR_BYTES, tables.little), padTo(SECTOR_BYTES, tables.big)]),
    ...volumes.flatMap(({ naming, firstSector }) =>
      folders.map((folder) => directory(naming, folders, folder, firstSector)),
    ),
    ...placed.map((file) => padToSectors(file.bytes)),
  );
}

function pathOf({ name }: IsoFile): { path: string } {
  return { path: name };
}

/** Files lie behind one another; an empty one has no sector of its own. */
function place(files: readonly IsoFile[], firstSector: number): PlacedFile[] {
  let sector = firstSector;
  return files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((file) => {
      const extent = { sector, length: file.bytes.length };
      sector += sectorsOf(file.bytes.length);
      return { path: file.name, bytes: file.bytes, extent };
    });
}

function pathTables(
  naming: Naming,
  folders: readonly Folder<PlacedFile>[],
  firstSector: number,
): { little: Uint8Array; big: Uint8Array } {
  const entries = folders.map(({ index, parent, name }) => ({
    sector: firstSector + index,
    parent: parent + 1,
    identifier: index === 0 ? bytes(0) : naming.folderIdentifier(name),
  }));
  return { little: pathTable(entries, 'little'), big: pathTable(entries, 'big') };
}

function directory(
  naming: Naming,
  folders: readonly Folder<PlacedFile>[],
  folder: Folder<PlacedFile>,
  firstSector: number,
): Uint8Array {
  const entries: DirectoryEntry[] = [
    ...folders
      .filter(({ index, parent }) => index !== 0 && parent === folder.index)
      .map(({ index, name }) => ({
        extent: folderExtent(firstSector + index),
        isDirectory: true,
        identifier: naming.folderIdentifier(name),
        systemUse: naming.hasRockRidge ? folderEntry(name) : zeros(0),
      })),
    ...folder.files.map(({ name, extent }) => ({
      extent,
      isDirectory: false,
      identifier: naming.fileIdentifier(name),
      systemUse: naming.hasRockRidge ? fileEntry(name) : zeros(0),
    })),
  ];
  return padTo(
    SECTOR_BYTES,
    concat(
      ...selfAndParent(naming, folder, firstSector),
      ...entries.toSorted((a, b) => compareBytes(a.identifier, b.identifier)).map(directoryRecord),
    ),
  );
}

function selfAndParent(naming: Naming, { index, parent }: Folder<PlacedFile>, firstSector: number): Uint8Array[] {
  const self = index === 0 ? ROOT_ENTRY : FOLDER_ENTRY;
  const use = (entry: Uint8Array): Uint8Array => (naming.hasRockRidge ? entry : zeros(0));
  return [
    { extent: folderExtent(firstSector + index), identifier: bytes(0), systemUse: use(self) },
    { extent: folderExtent(firstSector + parent), identifier: bytes(1), systemUse: use(FOLDER_ENTRY) },
  ].map((entry) => directoryRecord({ ...entry, isDirectory: true }));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const index = a.findIndex((byte, at) => byte !== b[at]);
  return index === -1 ? a.length - b.length : (a[index] ?? 0) - (b[index] ?? -1);
}

function folderExtent(sector: number): Extent {
  return { sector, length: SECTOR_BYTES };
}

/** The name for readers that know neither Rock Ridge nor Joliet. */
function isoName(name: string): string {
  return `${plainName(name)}${name.includes('.') ? '' : '.'};1`;
}

function plainName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function checkNames(files: readonly IsoFile[]): void {
  const isName = (part: string): boolean => part.length <= 27 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)?$/.test(part);
  const bad = files.find((file) => !file.name.split('/').every(isName));
  if (bad !== undefined) throw new RangeError(`"${bad.name}" cannot be the name of a file in an ISO image of ours`);
  if (new Set(files.map((file) => plainName(file.name))).size < files.length) {
    throw new RangeError('two files of an ISO image have the same name');
  }
}
