import { posix } from 'node:path';
import { ROOMS, type Room } from '../../scripts/boundaries.ts';
import type { Import } from './imports.ts';

/** What is wrong with one import by the table, as a sentence with its remedy; undefined where it may stand. */
export function violation(it: Import): string | undefined {
  const odd = isInSrc(it.file) ? oddInRoom(it) : oddOutside(it);
  return odd === undefined ? undefined : `${it.file} imports ${it.specifier}: ${odd}`;
}

/** Whether it leads from one room of src/ into another. */
export function isEdge(it: Import): boolean {
  const target = targetPath(it);
  return isInSrc(it.file) && target !== undefined && topFolder(target) !== topFolder(pathInSrc(it.file));
}

function oddInRoom(it: Import): string | undefined {
  const name = rowName(pathInSrc(it.file));
  const room = name === undefined ? undefined : ROOMS[name];
  if (name === undefined || room === undefined) {
    return 'its folder is no room. Add a row to scripts/boundaries.ts, or move the file into a room';
  }
  const target = targetPath(it);
  if (target === undefined) return oddLibrary(it, name, room);
  return oddSpelling(it) ?? oddTarget(it, target, name, room);
}

/** The spelling has to show whether an import leaves its room. */
function oddSpelling(it: Import): string | undefined {
  const isRelative = it.specifier.startsWith('.');
  if (isRelative && isEdge(it)) return 'a relative path must not leave its room. Write #room/file';
  return isRelative || isEdge(it) ? undefined : 'that is its own room. Write a relative path';
}

function oddTarget(it: Import, target: string, name: string, room: Room): string | undefined {
  if (target.endsWith('.test') && !isTestFile(it.file)) {
    return 'that is a test. Move what both need into a file of its own';
  }
  if (rowName(target) === name || isWithin(target, [name, ...room.rooms])) return undefined;
  const { types = [] } = room;
  if (isWithin(target, types)) {
    return it.typeOnly
      ? undefined
      : `${name} may know only the types there. Write \`import type\`, or pass the value in`;
  }
  const known = list([...room.rooms, ...types.map((path) => `types of ${path}`)]);
  return (
    `${name} may know ${known}. Move what is needed into one of these, pass it in as data, ` +
    'or change the row in scripts/boundaries.ts'
  );
}

function oddLibrary(it: Import, name: string, { libraries }: Room): string | undefined {
  if (libraries === undefined || isTestFile(it.file) || libraries.includes(packageName(it.specifier))) return undefined;
  return `${name} is pure: its libraries are ${list(libraries)}. Do this where the room is used, and pass the result in`;
}

function oddOutside(it: Import): string | undefined {
  const path = it.specifier.startsWith('.') ? resolved(it) : '';
  return isInSrc(path) ? `write #${pathInSrc(path)}` : undefined;
}

/** Where an import leads, from src/ and without `.ts`; undefined for libraries and Node.js. */
function targetPath(it: Import): string | undefined {
  if (it.specifier.startsWith('#')) return it.specifier.slice(1);
  return it.specifier.startsWith('.') ? pathInSrc(resolved(it)) : undefined;
}

function resolved(it: Import): string {
  return posix.join(posix.dirname(it.file), it.specifier).replace(/\.ts$/, '');
}

/** The longest key of the table that `path` lies in. */
function rowName(path: string): string | undefined {
  const names = Object.keys(ROOMS).filter((name) => isWithin(path, [name]));
  return names.toSorted((a, b) => b.length - a.length)[0];
}

function isInSrc(path: string): boolean {
  return path.startsWith('src/');
}

/** A path outside src/ stays as it is, and lies in no room. */
function pathInSrc(path: string): string {
  return path.replace(/^src\//, '');
}

function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

function topFolder(path: string): string | undefined {
  return path.split('/')[0];
}

function isTestFile(file: string): boolean {
  return file.endsWith('.test.ts');
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
