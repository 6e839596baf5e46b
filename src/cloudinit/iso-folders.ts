// The folders of an ISO image, from the paths of its files.

/** A file or folder within a folder. */
export interface Named {
  /** Its own name, without those of the folders above. */
  readonly name: string;
}

export interface Folder<File> extends Named {
  /** Its place in the list of folders; the root is 0 and its own parent. */
  readonly index: number;
  readonly parent: number;
  readonly files: readonly (File & Named)[];
}

/**
 * The root and every folder that a path names, level by level and then by name, as path tables have them
 * (ECMA-119 6.9.1).
 * @param files their names are paths, `openstack/latest/user_data`
 */
export function foldersOf<File extends { readonly path: string }>(files: readonly File[]): Folder<File>[] {
  const paths = folderPaths(files.map((file) => file.path));
  return paths.map((path, index) => ({
    index,
    name: lastPart(path),
    parent: Math.max(0, paths.indexOf(parentOf(path))),
    files: files.filter((file) => parentOf(file.path) === path).map((file) => ({ ...file, name: lastPart(file.path) })),
  }));
}

function folderPaths(files: readonly string[]): string[] {
  const above = (path: string): string[] => (path === '' ? [''] : [path, ...above(parentOf(path))]);
  const depth = (path: string): number => (path === '' ? 0 : path.split('/').length);
  const all = new Set(['', ...files.flatMap((file) => above(parentOf(file)))]);
  return [...all].toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
