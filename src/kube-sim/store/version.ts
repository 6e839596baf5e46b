// Versions of objects, as they are read from the log.

/** A version of an object; of a deleted one the last state, under the revision of its deletion. */
export interface Version {
  readonly revision: number;
  /** `machines.example.test`, `secrets` */
  readonly resource: string;
  /** `default/a1`, or `a1` where the resource has no namespaces. */
  readonly key: string;
  /** The revision it replaces; absent: the object is new. */
  readonly previous: number | null;
  readonly deleted: 0 | 1;
  readonly text: string;
}

/** As many versions as were asked for, or as fit. */
export interface Chunk {
  readonly versions: readonly Version[];
  /** There is more. */
  readonly isCut: boolean;
}

/** What `versionOf` takes. */
export const COLUMNS = 'revision, resource, key, previous, deleted, text';

/** However large objects are, a chunk of them is not: everybody who reads slowly holds one. */
export const CHUNK_CHARACTERS = 32 * 1024;

/** As many of the rows as are asked for, or as fit. */
export function chunkOf(rows: Iterable<unknown>, limit: number): Chunk {
  const versions: Version[] = [];
  let characters = 0;
  for (const row of rows) {
    if (versions.length >= limit || characters > CHUNK_CHARACTERS) return { versions, isCut: true };
    const version = versionOf(row);
    if (version === undefined) continue;
    versions.push(version);
    characters += version.text.length;
  }
  return { versions, isCut: false };
}

/** Of a row of `COLUMNS`, where there is one. */
export function versionOf(row: unknown): Version | undefined {
  if (row === undefined) return undefined;
  const [revision, resource, key, previous, deleted, text] = row as [
    number,
    string,
    string,
    number | null,
    0 | 1,
    string,
  ];
  return { revision, resource, key, previous, deleted, text };
}
