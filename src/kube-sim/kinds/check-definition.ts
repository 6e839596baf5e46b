// What a CustomResourceDefinition has to be, and what of it stays as it is. Texts are those of the real validation.
import { isDeepStrictEqual } from 'node:util';
import { invalid, notSupported, required } from '../causes.ts';
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { dnsLabel, subdomain } from '../objects/names.ts';
import { structuralErrors } from '../schema/structural-errors.ts';
import type { Schema } from '../schema/schema.ts';
import { isList, textOf } from '../shape.ts';
import type { Cause } from '../status.ts';
import { isEstablished } from './conditions.ts';
import { members } from './own-kind.ts';

export function wrongDefinition(definition: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = members(definition['spec']);
  return [
    ...wrongName(definition, spec),
    ...wrongGroup(spec),
    ...wrongScope(spec['scope']),
    ...wrongVersions(spec),
    ...wrongNames(members(spec['names'])),
    ...wrongSchemas(spec),
    ...(old === undefined ? [] : changed(spec, old)),
  ];
}

function wrongName({ metadata }: KubeObject, spec: JsonObject): Cause[] {
  const wanted = `${textOf(members(spec['names'])['plural'])}.${textOf(spec['group'])}`;
  if (metadata.name === wanted) return [];
  return [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')];
}

function wrongGroup(spec: JsonObject): Cause[] {
  const group = spec['group'];
  if (typeof group !== 'string' || group === '') return [required('spec.group')];
  const faults = subdomain(group).map((fault) => invalid('spec.group', group, fault));
  if (faults.length > 0 || group.includes('.')) return faults;
  return [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

function wrongScope(scope: Json | undefined): Cause[] {
  if (scope === undefined || scope === null || scope === '') return [required('spec.scope')];
  return scope === 'Cluster' || scope === 'Namespaced'
    ? []
    : [notSupported('spec.scope', scope, ['Cluster', 'Namespaced'])];
}

function wrongNames(names: JsonObject): Cause[] {
  return [
    ...['plural', 'singular'].flatMap((name) => wrongLabel(`spec.names.${name}`, names[name])),
    ...['kind', 'listKind'].flatMap((name) => wrongLabel(`spec.names.${name}`, textOf(names[name]).toLowerCase())),
    ...list(names['shortNames']).flatMap((name, index) => wrongLabel(`spec.names.shortNames[${index}]`, name)),
    ...list(names['categories']).flatMap((name, index) => wrongLabel(`spec.names.categories[${index}]`, name)),
    ...(names['kind'] !== undefined && names['kind'] === names['listKind']
      ? [invalid('spec.names.listKind', names['listKind'], 'kind and listKind may not be the same')]
      : []),
  ];
}

function wrongLabel(field: string, value: Json | undefined): Cause[] {
  if (typeof value !== 'string' || value === '') return [required(field)];
  return dnsLabel(value).map((fault) => invalid(field, value, fault));
}

function wrongVersions(spec: JsonObject): Cause[] {
  const versions = versionsOf(spec);
  const names = versions.map(({ name }) => name);
  const isRepeated = new Set(names).size < names.length;
  const storages = versions.filter(({ storage }) => storage === true).length;
  return [
    ...versions.flatMap((version, index) => wrongLabel(`spec.versions[${index}].name`, version['name'])),
    ...(isRepeated ? [invalid('spec.versions', spec['versions'] ?? null, 'must contain unique version names')] : []),
    ...(storages === 1
      ? []
      : [
          invalid('spec.versions', spec['versions'] ?? null, 'must have exactly one version marked as storage version'),
        ]),
  ];
}

function wrongSchemas(spec: JsonObject): Cause[] {
  const schemas = versionsOf(spec).map((version) => members(version['schema'])['openAPIV3Schema'] ?? undefined);
  const [first] = schemas;
  const areAlike = schemas.every((schema) => isDeepStrictEqual(schema, first));
  // One that all versions have is looked at once, and at the place where such a one used to be.
  if (areAlike && first !== undefined) return structuralErrors(first as Schema, 'spec.validation.openAPIV3Schema');
  return schemas.flatMap((schema, index) => {
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    return schema === undefined ? [required(path, 'schemas are required')] : structuralErrors(schema as Schema, path);
  });
}

function changed(spec: JsonObject, old: KubeObject): Cause[] {
  if (!isEstablished(old)) return [];
  const before = members(old['spec']);
  const fields: readonly (readonly [string, Json | undefined, Json | undefined])[] = [
    ['spec.group', spec['group'], before['group']],
    ['spec.scope', spec['scope'], before['scope']],
    ['spec.names.kind', members(spec['names'])['kind'], members(before['names'])['kind']],
    ['spec.names.plural', members(spec['names'])['plural'], members(before['names'])['plural']],
  ];
  return fields
    .filter(([, now, then]) => now !== then)
    .map(([field, now]) => invalid(field, now ?? '', 'field is immutable'));
}

function versionsOf(spec: JsonObject): readonly JsonObject[] {
  return list(spec['versions']).map((version) => members(version));
}

function list(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}
