// What JSON Schema has and a CRD must not have. It is told before anything else of a schema.
import { forbidden, invalid, notSupported, required } from '../causes.ts';
import type { Json, JsonObject } from '../object.ts';
import { isList, isObject, textOf } from '../shape.ts';
import type { Cause } from '../status.ts';
import type { Schema } from './schema.ts';

const UNSUPPORTED = ['definitions', 'dependencies', 'id', 'patternProperties', '$ref', '$schema', 'additionalItems'];
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Of all of a schema, by the place it is at. */
export function unsupportedMembers(schema: Schema, path: string): Cause[] {
  return partErrors(schema as unknown as JsonObject, path);
}

function partErrors(part: JsonObject, path: string): Cause[] {
  return [...ownErrors(part, path), ...parts(part, path).flatMap(([inside, at]) => partErrors(inside, at))];
}

function ownErrors(part: JsonObject, path: string): Cause[] {
  const type = textOf(part['type']);
  const preserves = 'x-kubernetes-preserve-unknown-fields';
  return [
    ...(type === 'null'
      ? [forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative')]
      : []),
    ...(type === '' || TYPES.includes(type) ? [] : [notSupported(`${path}.type`, type, TYPES)]),
    ...(isList(part['items']) ? [forbidden(`${path}.items`, 'items must be a schema object and not an array')] : []),
    ...UNSUPPORTED.filter((name) => isThere(part[name])).map((name) =>
      forbidden(`${path}.${name}`, `${name} is not supported`),
    ),
    ...(part[preserves] === false ? [invalid(`${path}.${preserves}`, false, 'must be true or undefined')] : []),
    ...emptyRules(part['x-kubernetes-validations'], `${path}.x-kubernetes-validations`),
  ];
}

function emptyRules(rules: Json | undefined, at: string): Cause[] {
  if (!isList(rules)) return [];
  return rules.flatMap((rule, index) =>
    isObject(rule) && textOf(rule['rule']).trim() === ''
      ? [required(`${at}[${index}].rule`, 'rule is not specified')]
      : [],
  );
}

function isThere(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '' && !(isObject(value) && Object.keys(value).length === 0);
}

/** The schemas that a schema is made of. */
function parts(part: JsonObject, path: string): (readonly [part: JsonObject, path: string])[] {
  const single = ['items', 'additionalProperties', 'not'].map((name) => [part[name], `${path}.${name}`] as const);
  const listed = ['allOf', 'anyOf', 'oneOf'].flatMap((name) => {
    const value = part[name];
    return isList(value) ? value.map((item, index) => [item, `${path}.${name}[${index}]`] as const) : [];
  });
  const { properties } = part;
  const named = isObject(properties)
    ? Object.entries(properties).map(([name, value]) => [value, `${path}.properties[${name}]`] as const)
    : [];
  return [...single, ...listed, ...named].flatMap(([value, at]) => (isObject(value) ? [[value, at] as const] : []));
}
