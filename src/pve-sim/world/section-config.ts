// Files of sections such as storage.cfg and HA's resources.cfg: entries with an id, a type and options.
import { createHash } from 'node:crypto';
import { failure } from '../pve-error.ts';
import type { Schema } from '../schema/property.ts';

export interface Section {
  readonly type: string;
  /** Every option as it stands in the file. */
  options: Record<string, string>;
}

export type Sections = Readonly<Record<string, Section>>;

/** SHA-1 of the file's text, which every entry shows. */
export function sectionsDigest(sections: Sections): string {
  const hash = createHash('sha1');
  for (const id of Object.keys(sections).sort()) {
    const { type, options } = sections[id] ?? { type: '', options: {} };
    hash.update(`${type}: ${id}\n`);
    for (const key of Object.keys(options).sort()) hash.update(`\t${key} ${options[key] ?? ''}\n`);
    hash.update('\n');
  }
  return hash.digest('hex');
}

/** Options as they are shown: numbers and booleans as numbers. */
export function shownOptions(options: Readonly<Record<string, string>>, schema: Schema): Record<string, unknown> {
  const shown = (key: string, value: string): unknown =>
    schema[key] === undefined || schema[key].type === 'string' ? value : Number(value);
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, shown(key, value)]));
}

/** @throws where the file has changed since its digest was read */
export function checkSectionsDigest(sections: Sections, digest: string | undefined): void {
  if (digest === undefined || digest === '' || digest === sectionsDigest(sections)) return;
  throw failure('detected modified configuration - file changed by other user? Try again.');
}

export interface OptionEdits {
  readonly set: Readonly<Record<string, string>>;
  readonly delete: readonly string[];
}

/** @param schema of the options that can be changed. @throws for deletions of what cannot go */
export function editOptions(section: Section, edits: OptionEdits, schema: Schema): void {
  for (const key of edits.delete) {
    if (schema[key] === undefined) throw failure(`no such option '${key}'`);
    if (schema[key].optional !== true) throw failure(`unable to delete required option '${key}'`);
    if (edits.set[key] !== undefined) throw failure(`unable to set and delete property '${key}' at the same time!`);
  }
  const kept = Object.entries(section.options).filter(([key]) => !edits.delete.includes(key));
  section.options = { ...Object.fromEntries(kept), ...edits.set };
}
