// The config file's text as PVE writes it (pve-behaviour 21, "File format"), and the digest over it.
import { createHash } from 'node:crypto';
import { sortedOptions } from './options.ts';
import type { Guest } from './world.ts';

type ConfigParts = Pick<Guest, 'config' | 'pending' | 'pendingDelete' | 'cloudinit' | 'snapshots'>;

/** Sections in PVE's order; lines sorted by option; the description first, as `#` lines. */
export function formatConfig(guest: ConfigParts): string {
  const pending = { ...guest.pending };
  const deletions = Object.keys(guest.pendingDelete).sort();
  if (deletions.length > 0)
    pending['delete'] = deletions.map((key) => (guest.pendingDelete[key] ? `!${key}` : key)).join(',');
  const sections = [formatSection(guest.config)];
  if (Object.keys(pending).length > 0) sections.push(`[PENDING]\n${formatSection(pending)}`);
  if (Object.keys(guest.cloudinit).length > 0) sections.push(`[special:cloudinit]\n${formatSection(guest.cloudinit)}`);
  for (const name of Object.keys(guest.snapshots).sort()) {
    sections.push(`[${name}]\n${formatSection(guest.snapshots[name] ?? {})}`);
  }
  return sections.join('\n');
}

/** SHA-1 of the file's text: equal content, equal digest. */
export function configDigest(guest: ConfigParts): string {
  return createHash('sha1').update(formatConfig(guest)).digest('hex');
}

function formatSection(options: Readonly<Record<string, string>>): string {
  const { description, ...rest } = options;
  const comment = description === undefined ? '' : formatDescription(description);
  const lines = sortedOptions(rest).map(([key, value]) => `${key}: ${value}\n`);
  return comment + lines.join('');
}

function formatDescription(text: string): string {
  return text
    .split('\n')
    .map((line) => `#${encodeDescription(line)}\n`)
    .join('');
}

function encodeDescription(line: string): string {
  return [...Buffer.from(line, 'utf8')]
    .map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : percent(byte)))
    .join('');
}

/** Everything printable but `%` and `:` stays. */
function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x3a;
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
