import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entries } from './supplies.ts';

/** Makes the folder hold these files and no others, each whole at every moment. Only this account may read them. */
export function writeEntries(folder: string, entries: Entries): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) if (!Object.hasOwn(entries, name)) rmSync(join(folder, name));
  for (const [name, text] of Object.entries(entries)) {
    const path = join(folder, name);
    if (readText(path) === text) continue;
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

/** What was laid there last; undefined: nothing. */
export function readEntries(folder: string): Entries | undefined {
  try {
    const names = readdirSync(folder);
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
