// Structured values such as `virtio,bridge=vmbr0`: split, then checked like parameters of their own (pve-behaviour 3).
import { normaliseBoolean } from '../world/property-string.ts';
import type { Format, Schema } from './property.ts';
import { problems } from './verify.ts';

export interface PropertyFormat {
  readonly schema: Schema;
  /** The key whose value may stand without it. */
  readonly defaultKey?: string;
  /** Other names of a key, such as `volume` for `file`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Keys that are a value of `model` and carry a `macaddr`: `virtio=<MAC>`. */
  readonly models?: readonly string[];
}

export function propertyFormat(description: PropertyFormat): Format {
  return (value, name) => {
    const split = splitProperties(value, description);
    if (typeof split === 'string') return split;
    const found = problems(withPlainBooleans(split, description.schema), description.schema, `${name}.`);
    const lines = Object.entries(found).map(([key, reason]) => `${name}.${key}: ${reason}\n`);
    return lines.length === 0 ? undefined : `format error\n${lines.join('')}`.replace(/\n$/, '');
  };
}

/** The keys and values, or why the string cannot be split. */
function splitProperties(value: string, description: PropertyFormat): Record<string, string> | string {
  const values: Record<string, string> = {};
  const set = (key: string, part: string): string | undefined => {
    if (values[key] !== undefined) return `duplicate key in comma-separated list property: ${key}`;
    values[key] = part;
    return undefined;
  };
  for (const part of value.split(',')) {
    const problem = setPart(part, description, set);
    if (problem !== undefined) return problem;
  }
  return values;
}

function setPart(
  part: string,
  description: PropertyFormat,
  set: (key: string, value: string) => string | undefined,
): string | undefined {
  if (part === '') return undefined;
  const [, key = '', value = ''] = /^([^=]+)=(.+)$/s.exec(part) ?? [];
  if (key === '') {
    if (part.includes('=')) return 'missing key in comma-separated list property';
    if (description.defaultKey === undefined) return 'value without key, but schema does not define a default key';
    return set(description.defaultKey, part);
  }
  if (description.models?.includes(key) === true) return set('model', key) ?? set('macaddr', value);
  return set(description.aliases?.[key] ?? key, value);
}

/** Inside property strings on, yes, true and their opposites count as booleans. */
function withPlainBooleans(values: Readonly<Record<string, string>>, schema: Schema): Record<string, string> {
  const plain = (key: string, value: string): string =>
    schema[key]?.type === 'boolean' ? normaliseBoolean(value) : value;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(key, value)]));
}
