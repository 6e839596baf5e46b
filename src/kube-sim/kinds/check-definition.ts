// What a CustomResourceDefinition has to be, and what of it stays as it is. Texts are those of the real validation.
import { isDeepStrictEqual } from 'node:util';
import { forbidden, invalid, notSupported, required, wrongValue } from '../causes.ts';
import { quoted } from '../go-text.ts';
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { dns1035Label, subdomain } from '../objects/names.ts';
import { structuralErrors } from '../schema/structural-errors.ts';
import type { Schema } from '../schema/schema.ts';
import { isList, textOf } from '../shape.ts';
import type { Cause } from '../status.ts';
import { wrongVersion } from './check-versions.ts';
import { isEstablished } from './conditions.ts';
import { members } from './own-kind.ts';

export function wrongDefinition(definition: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = members(definition['spec']);
  return [
    ...(old === undefined ? wrongName(definition, spec) : []),
    ...wrongGroup(spec),
    ...wrongScope(spec['scope']),
    ...wrongVersions(spec),
    ...wrongNames(members(spec['names'])),
    ...wrongSchemas(spec),
    ...wrongConversion(members(spec['conversion'])),
    ...wrongStored(definition, spec),
    ...(old === undefined ? unapproved(definition, spec) : []),
    ...(spec['preserveUnknownFields'] === true
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
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
    ...['kind', 'listKind'].flatMap((name) => wrongKind(`spec.names.${name}`, names[name])),
    ...list(names['shortNames']).flatMap((name, index) => wrongLabel(`spec.names.shortNames[${index}]`, name)),
    ...list(names['categories']).flatMap((name, index) => wrongLabel(`spec.names.categories[${index}]`, name)),
    ...(names['kind'] !== undefined && names['kind'] === names['listKind']
      ? [invalid('spec.names.listKind', names['listKind'], 'kind and listKind may not be the same')]
      : []),
  ];
}

function wrongLabel(field: string, value: Json | undefined): Cause[] {
  if (typeof value !== 'string' || value === '') return [required(field)];
  return faultsOf(field, value, dns1035Label(value));
}

function wrongKind(field: string, value: Json | undefined): Cause[] {
  if (typeof value !== 'string' || value === '') return [required(field)];
  const faults = dns1035Label(value.toLowerCase());
  return faultsOf(
    field,
    value,
    faults.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${faults.join(',')}`],
  );
}

function faultsOf(field: string, value: string, faults: readonly string[]): Cause[] {
  return faults.length === 0 ? [] : [invalid(field, value, faults.join(','))];
}

function wrongVersions(spec: JsonObject): Cause[] {
  const versions = versionsOf(spec);
  const names = versions.map(({ name }) => textOf(name));
  const isRepeated = new Set(names).size < names.length;
  const storages = versions.filter(({ storage }) => storage === true).length;
  const text = goVersions(spec['versions'] ?? null);
  return [
    ...versions.flatMap((version, index) => wrongVersion(version, index, versions)),
    ...names.flatMap((name, index) => faultsOf(`spec.versions[${index}].name`, name, dns1035Label(name))),
    ...faultsOf('spec.version', names[0] ?? '', names[0] === undefined ? [] : dns1035Label(names[0])),
    ...(isRepeated ? [wrongValue('spec.versions', text, 'must contain unique version names')] : []),
    ...(storages === 1
      ? []
      : [wrongValue('spec.versions', text, 'must have exactly one version marked as storage version')]),
  ];
}

/** As Go source would have them; what all versions share is not in them. */
function goVersions(versions: Json): string {
  const type = 'apiextensions.CustomResourceDefinitionVersion';
  if (!isList(versions)) return `[]${type}(nil)`;
  const texts = versions.map((version) => {
    const { name, served, storage, deprecated } = members(version);
    return (
      `${type}{Name:${quoted(textOf(name))}, Served:${served === true}, Storage:${storage === true}, ` +
      `Deprecated:${deprecated === true}, DeprecationWarning:(*string)(nil), ` +
      'Schema:(*apiextensions.CustomResourceValidation)(nil), Subresources:(*apiextensions.CustomResourceSubresources)(nil), ' +
      'AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition(nil), ' +
      'SelectableFields:[]apiextensions.SelectableField(nil)}'
    );
  });
  return `[]${type}{${texts.join(', ')}}`;
}

/** Versions that objects may still be stored in have to be there. */
function wrongStored(definition: KubeObject, spec: JsonObject): Cause[] {
  const at = 'status.storedVersions';
  const stored = list(members(definition['status'])['storedVersions']).map(textOf);
  const shown = stored.length === 0 ? '[]string(nil)' : `[]string{${stored.map(quoted).join(', ')}}`;
  if (stored.length === 0) return [wrongValue(at, shown, 'must have at least one stored version')];
  const versions = versionsOf(spec);
  const storages = versions.filter(({ storage }) => storage === true).map(({ name }) => textOf(name));
  return [
    ...storages
      .filter((name) => !stored.includes(name))
      .map((name) => wrongValue(at, shown, `must have the storage version ${name}`)),
    ...stored.flatMap((name, index) =>
      versions.some((version) => version['name'] === name)
        ? []
        : [invalid(`${at}[${index}]`, name, 'must appear in spec.versions')],
    ),
  ];
}

/** Of a group that belongs to Kubernetes itself. */
function unapproved({ metadata }: KubeObject, spec: JsonObject): Cause[] {
  const name = 'api-approved.kubernetes.io';
  const at = `metadata.annotations[${name}]`;
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(textOf(spec['group']))) return [];
  const given = metadata.annotations?.[name] ?? '';
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (given === '') return [required(at, `protected groups must have approval annotation "${name}", ${see}`)];
  const isKnown = given.startsWith('unapproved') || (URL.canParse(given) && new URL(given).host !== '');
  const detail = `protected groups must have approval annotation "${name}" with either a URL or a reason starting with "unapproved"`;
  return isKnown ? [] : [invalid(at, given, `${detail}, ${see}`)];
}

function wrongConversion(conversion: JsonObject): Cause[] {
  const at = 'spec.conversion';
  const { strategy = '', webhook } = conversion;
  const { conversionReviewVersions: reviews, clientConfig } = members(webhook);
  if (strategy === '') return [required(`${at}.strategy`)];
  if (strategy !== 'None' && strategy !== 'Webhook')
    return [notSupported(`${at}.strategy`, strategy, ['None', 'Webhook'])];
  if (strategy === 'Webhook')
    return [
      ...(clientConfig === undefined
        ? [required(`${at}.webhookClientConfig`, 'required when strategy is set to Webhook')]
        : []),
      ...(list(reviews).length === 0 ? [required(`${at}.conversionReviewVersions`)] : []),
    ];
  const why = 'should not be set when strategy is not set to Webhook';
  return [
    ...(clientConfig === undefined ? [] : [forbidden(`${at}.webhookClientConfig`, why)]),
    ...(list(reviews).length === 0 ? [] : [forbidden(`${at}.conversionReviewVersions`, why)]),
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
