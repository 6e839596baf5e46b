// What the extensions of a schema for lists and maps ask of the schema that has them.
import { forbidden, invalid, notSupported, required } from '../causes.ts';
import { own } from '../own.ts';
import type { Cause } from '../status.ts';
import type { Schema } from './schema.ts';

export function mapErrors(schema: Schema, path: string): Cause[] {
  const { type, additionalProperties, properties = {} } = schema;
  const mapType = schema['x-kubernetes-map-type'];
  const isBoth =
    Object.keys(properties).length > 0 && additionalProperties !== undefined && additionalProperties !== true;
  return [
    ...(isBoth
      ? [forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')]
      : []),
    ...(mapType === undefined
      ? []
      : hasType(type, 'object', `${path}.type`, 'must be object if x-kubernetes-map-type is specified')),
    ...(mapType === undefined || ['atomic', 'granular'].includes(mapType)
      ? []
      : [notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular'])]),
  ];
}

export function listErrors(schema: Schema, path: string): Cause[] {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const ofMap = 'must be map if x-kubernetes-list-map-keys is non-empty';
  return [
    ...(schema.uniqueItems === true
      ? [
          forbidden(
            `${path}.uniqueItems`,
            'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
          ),
        ]
      : []),
    ...(listType === undefined
      ? []
      : hasType(schema.type, 'array', `${path}.type`, 'must be array if x-kubernetes-list-type is specified')),
    ...(listType === undefined || ['atomic', 'set', 'map'].includes(listType)
      ? []
      : [notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map'])]),
    ...(keys.length === 0 || listType === 'map'
      ? []
      : [
          listType === undefined
            ? required(`${path}.x-kubernetes-list-type`, ofMap)
            : invalid(`${path}.x-kubernetes-list-type`, listType, ofMap),
        ]),
    ...(schema.items?.nullable === true && (listType === 'set' || listType === 'map')
      ? [forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`)]
      : []),
    ...(listType === 'set' && schema.type === 'array' ? setErrors(schema.items, path) : []),
    ...(listType === 'map' ? keyErrors(keys, schema.items, path) : []),
  ];
}

function setErrors(items: Schema | undefined, path: string): Cause[] {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items?.['x-kubernetes-list-type'] ?? 'atomic';
  if (items?.type === 'array' && listType !== 'atomic')
    return [invalid(`${path}.items.x-kubernetes-list-type`, listType, detail)];
  // The value is told as it is of the list type, which is mostly not there.
  return items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic'
    ? [invalid(`${path}.items.x-kubernetes-map-type`, items['x-kubernetes-list-type'] ?? null, detail)]
    : [];
}

function keyErrors(keys: readonly string[], items: Schema | undefined, path: string): Cause[] {
  const at = `${path}.x-kubernetes-list-map-keys`;
  if (items === undefined)
    return [required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'), ...noKeys(keys, at)];
  if (items.type !== 'object')
    return [
      ...noKeys(keys, at),
      invalid(`${path}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"),
    ];
  return [...noKeys(keys, at), ...keys.flatMap((key, index) => keyError(key, index, { keys, items, path }))];
}

function noKeys(keys: readonly string[], at: string): Cause[] {
  return keys.length > 0 ? [] : [required(at, 'must not be empty if x-kubernetes-list-type is map')];
}

interface KeyedList {
  readonly keys: readonly string[];
  readonly items: Schema;
  readonly path: string;
}

function keyError(key: string, index: number, { keys, items, path }: KeyedList): Cause[] {
  const property = own(items.properties, key);
  const at = `${path}.x-kubernetes-list-map-keys`;
  const place = `${path}.items.properties[${key}]`;
  return [
    ...(property === undefined ? [wrongKeys(at, keys, 'entries must all be names of item properties')] : []),
    ...(property?.type === 'array' || property?.type === 'object'
      ? [
          invalid(
            `${place}.type`,
            items.type ?? '',
            "must be a scalar type if parent array's x-kubernetes-list-type is map",
          ),
        ]
      : []),
    ...(keys.indexOf(key) < index ? [wrongKeys(at, keys, 'must not contain duplicate entries')] : []),
    ...(property !== undefined && property.default === undefined && items.required?.includes(key) !== true
      ? [
          required(
            `${place}.default`,
            'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
          ),
        ]
      : []),
    ...(property?.nullable === true
      ? [forbidden(`${place}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable')]
      : []),
  ];
}

function wrongKeys(at: string, keys: readonly string[], detail: string): Cause {
  const list = `[]string{${keys.map((key) => JSON.stringify(key)).join(', ')}}`;
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${list}: ${detail}`, field: at };
}

function hasType(type: string | undefined, wanted: string, at: string, detail: string): Cause[] {
  if (type === wanted) return [];
  return [type === undefined ? required(at, detail) : invalid(at, type, detail)];
}
