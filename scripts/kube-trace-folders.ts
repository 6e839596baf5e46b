// The folders of recordings of kubectl that `npm run replay:kube` is given.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

const FOLDER = '--traces';
/** What says itself which recordings count. */
const CHOICE = new Set(['--only', '--from', '--to']);
const RECORDING = /^(\d+)-.*\.json$/;

/**
 * Arguments for the tool: folders as paths that are read from `cwd`. The recordings follow one another from 001 on, so the folder
 * that begins there, `beginning`, is added where none of the others does; then only theirs count.
 * Throws an Error with a text for people for a folder that is not there or has no recordings.
 */
export function withTraceFolders(args: readonly string[], cwd: string, beginning: string): readonly string[] {
  const folders: string[] = [];
  const others: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const [word = '', value] = args[index]?.split(/=(.*)/s) ?? [];
    if (word !== FOLDER) others.push(args[index] ?? '');
    else folders.push(resolve(cwd, value ?? args[++index] ?? missingValue()));
  }
  const names = folders.flatMap(recordingsIn);
  if (folders.length === 0 || names.some(isFirst)) return [...flags(FOLDER, folders), ...others];
  const chosen = others.some((word) => CHOICE.has(word)) ? [] : flags('--only', names.map(stem));
  return [...flags(FOLDER, [beginning, ...folders]), ...chosen, ...others];
}

const flags = (flag: string, values: readonly string[]): string[] => values.flatMap((value) => [flag, value]);
const stem = (file: string): string => file.replace(/\.json$/, '');
const isFirst = (file: string): boolean => Number(RECORDING.exec(file)?.[1]) === 1;

function recordingsIn(folder: string): string[] {
  if (!existsSync(folder)) throw new Error(`${FOLDER} ${folder}: there is no such folder`);
  if (!statSync(folder).isDirectory()) throw new Error(`${FOLDER} ${folder}: it is no folder`);
  const names = readdirSync(folder).filter((name) => RECORDING.test(name));
  if (names.length > 0) return names;
  throw new Error(`${FOLDER} ${folder}: there are no recordings in it, which are called like 001-crd-create.json`);
}

function missingValue(): never {
  throw new Error(`${FOLDER}: the folder is missing. Write ${FOLDER} DIR`);
}
