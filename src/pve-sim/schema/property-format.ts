// Structured values such as `virtio,bridge=vmbr0`: split, then checked like parameters of their own (pve-behaviour 3).
import type { Profile } from '../profiles/profile.ts';
import { normaliseBoolean } from '../world/property-string.ts';
import type { Format, PropertyString } from './property.ts';
import { problems } from './verify.ts';

/** @param name PVE's own name of the format, where it has one */
export function propertyFormat(content: PropertyString, name?: string): Format {
  return {
    ...(name === undefined ? {} : { name }),
    content,
    check: (value, parameter, profile) => {
      const split = splitProperties(value, content);
      if (typeof split === 'string') return split;
      const plain = withPlainBooleans(split, content, profile);
      const found = problems(plain, content.schema, profile, `${parameter}.`);
      const lines = Object.entries(found).map(([key, reason]) => `${parameter}.${key}: ${reason}\n`);
      return lines.length === 0 ? undefined : `format error\n${lines.join('')}`.replace(/\n$/, '');
    },
  };
}

interface Part {
  readonly text: string;
  /** Given without its key. */
  readonly isBare: boolean;
}

/** The keys and values, or why the string cannot be split. */
function splitProperties(value: string, content: PropertyString): Record<string, Part> | string {
  const values: Record<string, Part> = {};
  const set = (key: string, text: string, isBare = false): string | undefined => {
    if (values[key] !== undefined) return `duplicate key in comma-separated list property: ${key}`;
    values[key] = { text, isBare };
    return undefined;
  };
  for (const part of value.split(',')) {
    const problem = setPart(part, content, set);
    if (problem !== undefined) return problem;
  }
  return values;
}

function setPart(
  part: string,
  content: PropertyString,
  set: (key: string, text: string, isBare?: boolean) => string | undefined,
): string | undefined {
  if (part.trim() === '') return undefined;
  const [, key = '', value = ''] = /^([^=]+)=(.+)$/s.exec(part) ?? [];
  if (key === '') {
    if (part.includes('=')) return 'missing key in comma-separated list property';
    if (content.defaultKey === undefined) return 'value without key, but schema does not define a default key';
    return set(content.defaultKey, part, true);
  }
  if (content.models?.includes(key) === true) return set('model', key) ?? set('macaddr', value);
  return set(content.aliases?.[key] ?? key, value);
}

/** Inside property strings on, yes, true and their opposites count as booleans; where they stand without their key, only lately. */
function withPlainBooleans(
  values: Readonly<Record<string, Part>>,
  { schema }: PropertyString,
  profile: Profile,
): Record<string, string> {
  const plain = (key: string, { text, isBare }: Part): string =>
    schema[key]?.type === 'boolean' && (!isBare || profile.has('bareBooleans')) ? normaliseBoolean(text) : text;
  return Object.fromEntries(Object.entries(values).map(([key, part]) => [key, plain(key, part)]));
}
