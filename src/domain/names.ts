// Names that become names in PVE. Bad ones are refused here, before anything is written.
import { invalidSpec } from './fault.ts';

const DNS_LABEL = /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;

/** The VM name itself; throws `invalid-spec` unless it is a DNS name (labels of 63, 253 in all), since PVE and the guest use it as one. */
export function checkVmName(name: string, field: string): string {
  const labels = name.split('.');
  if (name.length <= 253 && labels.every((label) => label.length <= 63 && DNS_LABEL.test(label))) return name;
  throw invalidSpec(
    field,
    `"${name}" is not a valid DNS name`,
    'Use letters, digits, "-" and "." only, at most 63 characters between dots, starting and ending with a letter or digit',
  );
}

/** Longest tag PVE users can still read; longer ones are refused. */
const MAX_TAG_LENGTH = 64;

/**
 * Tags as PVE stores them: lower-case, other characters than `[a-z0-9_.+-]` become `_`, sorted, each once.
 * Throws `invalid-spec` for an empty one or one over 64 characters.
 */
export function normaliseTags(tags: readonly string[], field: string): string[] {
  return [...new Set(tags.map((tag, index) => normaliseTag(tag, `${field}[${index}]`)))].sort();
}

function normaliseTag(tag: string, field: string): string {
  const trimmed = tag.trim();
  if (trimmed === '') throw invalidSpec(field, 'the tag is empty', 'Remove it or give it a name');
  if (trimmed.length > MAX_TAG_LENGTH) {
    throw invalidSpec(field, `the tag has ${trimmed.length} characters`, `Use at most ${MAX_TAG_LENGTH}`);
  }
  const legal = trimmed.toLowerCase().replace(/[^a-z0-9_.+-]/g, '_');
  return /^[a-z0-9_]/.test(legal) ? legal : `_${legal.slice(1)}`;
}

/** Unicast MAC in upper case with colons, or undefined. */
export function parseMac(text: string): string | undefined {
  const mac = text.trim().toUpperCase().replaceAll('-', ':');
  return /^[0-9A-F][02468ACE](:[0-9A-F]{2}){5}$/.test(mac) ? mac : undefined;
}
