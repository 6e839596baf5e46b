// The kinds of Kubernetes itself are types of Go: what does not fit is refused by its decoder, in the decoder's words.
import { structName } from '../kinds/schemas/definitions.ts';
import type { Json } from '../object.ts';
import { goType } from '../objects/read-metadata.ts';
import type { Schema } from '../schema/schema.ts';
import { isList, isObject } from '../shape.ts';
import { firstWrongByte } from './base64.ts';
import { timeFault } from './go-time.ts';

/** Where a value is: in which of Go's structs, and the way to it from the outermost one. */
interface Place {
  readonly struct: string;
  readonly path: string;
}

/** The first thing that does not fit; undefined: everything does. */
export function goTypeFault(value: Json, schema: Schema, kind: string): string | undefined {
  return faultAt(value, schema, { struct: kind, path: '' });
}

function faultAt(value: Json | undefined, schema: Schema, place: Place): string | undefined {
  if (value === undefined || value === null || schema.type === undefined) return undefined;
  switch (schema.type) {
    case 'object':
      return isObject(value) ? memberFault(value, schema, place) : misfit(value, schema, place);
    case 'array':
      if (!isList(value)) return misfit(value, schema, place);
      return first(value, (item) => faultAt(item, schema.items ?? {}, place));
    case 'string':
      return textFault(value, schema, place);
    case 'integer':
      return Number.isInteger(value) ? undefined : misfit(value, schema, place);
    default:
      return typeof value === schema.type ? undefined : misfit(value, schema, place);
  }
}

function memberFault(value: Readonly<Record<string, Json | undefined>>, schema: Schema, place: Place) {
  const { properties, additionalProperties } = schema;
  const struct = structName(schema) ?? place.struct;
  return first(Object.entries(value), ([name, member]) => {
    const known = properties?.[name];
    if (known !== undefined)
      return faultAt(member, known, { struct, path: place.path === '' ? name : `${place.path}.${name}` });
    return typeof additionalProperties === 'object' ? faultAt(member, additionalProperties, place) : undefined;
  });
}

function textFault(value: Json, schema: Schema, place: Place): string | undefined {
  const { format } = schema;
  if (format === 'date-time')
    return typeof value === 'string'
      ? timeFault(value, structName(schema) === 'MicroTime' ? 'MicroTime' : 'Time')
      : `json: cannot unmarshal ${goType(value)} into Go value of type string`;
  if (typeof value !== 'string') return misfit(value, { type: 'string', ...(format && { format }) }, place);
  const wrong = format === 'byte' && value !== '' ? firstWrongByte(value) : undefined;
  return wrong === undefined ? undefined : `illegal base64 data at input byte ${wrong}`;
}

function misfit(value: Json, schema: Schema, { struct, path }: Place): string {
  const found = typeof value === 'number' && schema.type === 'integer' ? `number ${value}` : goType(value);
  return `json: cannot unmarshal ${found} into Go struct field ${struct}.${path} of type ${goName(schema)}`;
}

function goName(schema: Schema): string {
  const { type, format, items, additionalProperties } = schema;
  switch (type) {
    case 'array':
      return `[]${goName(items ?? {})}`;
    case 'object':
      if (typeof additionalProperties === 'object') return `map[string]${goName(additionalProperties)}`;
      return `v1.${structName(schema) ?? 'Object'}`;
    case 'string':
      return format === 'byte' ? '[]uint8' : 'string';
    case 'integer':
      return format ?? 'int64';
    case 'boolean':
      return 'bool';
    default:
      return 'float64';
  }
}

function first<T>(items: readonly T[], look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
