// Whether a schema is structural: everything an object may have is said once, with its type, and combinations (anyOf, ...)
// only restrict it. An apiserver takes no other schema in a CRD.
import { forbidden, invalid, required } from '../causes.ts';
import { own } from '../own.ts';
import type { Cause } from '../status.ts';
import { combinationErrors, incompleteCombinations } from './structural-combinations.ts';
import { defaultErrors } from './structural-defaults.ts';
import { listErrors, mapErrors } from './structural-extensions.ts';
import type { Schema } from './schema.ts';
import { unsupportedMembers } from './unsupported-members.ts';

/** @param path of the schema in the CRD: `spec.validation.openAPIV3Schema`. Sorted. */
export function structuralErrors(schema: Schema, path: string): Cause[] {
  const unsupported = unsupportedMembers(schema, path);
  if (unsupported.length > 0) return unsupported;
  const causes = [
    ...nodeErrors(schema, path, 'root'),
    ...incompleteCombinations(schema, schema, path, path),
    ...(schema.nullable === true ? [forbidden(`${path}.nullable`, 'nullable cannot be true at the root')] : []),
  ];
  const text = ({ field, message }: Cause): string => `${field}: ${message}`;
  const errors = causes.sort((a, b) => (text(a) < text(b) ? -1 : 1));
  // What is no schema cannot tell whether a default is right.
  return errors.length > 0 ? errors : defaultErrors(schema, path);
}

type Level = 'root' | 'item' | 'field';

const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function nodeErrors(schema: Schema, path: string, level: Level): Cause[] {
  return [
    ...typeErrors(schema, path, level),
    ...embeddedErrors(schema, path),
    ...metaErrors(schema, path, level),
    ...mapErrors(schema, path),
    ...listErrors(schema, path),
    ...combinationErrors(schema, path),
    ...partErrors(schema, path, level),
  ];
}

function partErrors(
  { type, items, properties = {}, additionalProperties }: Schema,
  path: string,
  level: Level,
): Cause[] {
  return [
    ...(type === 'array' && items === undefined ? [required(`${path}.items`, 'must be specified')] : []),
    ...(items === undefined ? [] : nodeErrors(items, `${path}.items`, 'item')),
    ...Object.entries(properties).flatMap(([key, part]) => nodeErrors(part, `${path}.properties[${key}]`, 'field')),
    ...(additionalProperties !== undefined && level === 'root'
      ? [forbidden(`${path}.additionalProperties`, 'must not be used at the root')]
      : []),
    ...(typeof additionalProperties === 'object'
      ? nodeErrors(additionalProperties, `${path}.additionalProperties`, 'field')
      : []),
  ];
}

function typeErrors(schema: Schema, path: string, level: Level): Cause[] {
  const { type } = schema;
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    return [type === undefined ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail)];
  }
  const isFree =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === undefined && !isFree) return [required(`${path}.type`, MISSING_TYPE[level])];
  return level === 'root' && type !== undefined && type !== 'object'
    ? [invalid(`${path}.type`, type, 'must be object at the root')]
    : [];
}

function embeddedErrors(schema: Schema, path: string): Cause[] {
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isEmpty = Object.keys(schema.properties ?? {}).length === 0;
  const mustBeFalse = (name: string): Cause =>
    invalid(`${path}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true');
  return [
    ...(intOrString && preserves ? [mustBeFalse('x-kubernetes-preserve-unknown-fields')] : []),
    ...(intOrString && embedded ? [mustBeFalse('x-kubernetes-embedded-resource')] : []),
    ...(embedded && schema.additionalProperties !== undefined
      ? [forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set')]
      : []),
    ...(embedded && !preserves && isEmpty
      ? [
          required(
            `${path}.properties`,
            'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
          ),
        ]
      : []),
  ];
}

/** apiVersion, kind and metadata of whole objects are what they are everywhere. */
function metaErrors(schema: Schema, path: string, level: Level): Cause[] {
  if (level !== 'root' && schema['x-kubernetes-embedded-resource'] !== true) return [];
  const wrongText = ['kind', 'apiVersion'].flatMap((key) => {
    const type = own(schema.properties, key)?.type;
    const isText = own(schema.properties, key) === undefined || type === 'string';
    return isText ? [] : [invalid(`${path}.properties[${key}].type`, type ?? '', 'must be string')];
  });
  const metadata = own(schema.properties, 'metadata');
  return metadata === undefined
    ? wrongText
    : [...wrongText, ...metadataErrors(metadata, `${path}.properties[metadata]`, level)];
}

function metadataErrors(metadata: Schema, path: string, level: Level): Cause[] {
  const { type, properties = {}, ...rest } = metadata;
  const wrongType = type === 'object' ? [] : [invalid(`${path}.type`, type ?? '', 'must be object')];
  if (level !== 'root') return wrongType;
  const isBare =
    Object.keys(properties).every((key) => key === 'name' || key === 'generateName') && Object.keys(rest).length === 0;
  if (isBare) return wrongType;
  const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
  return [...wrongType, forbidden(path, detail)];
}
