// The kinds that a CRD defines, one for each version it serves.
import type { JsonObject, KubeObject } from '../object.ts';
import { subdomain } from '../objects/names.ts';
import type { PrinterColumn, Resource, Verb } from '../resource.ts';
import type { Schema } from '../schema/schema.ts';
import { finalizerWarnings } from './finalizer-warnings.ts';
import type { Kind } from './kind.ts';
import { withMetadata } from './with-metadata.ts';

/** As far as it has been checked when it was written. */
export interface DefinitionSpec {
  readonly group: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly names: DefinitionNames;
  readonly versions: readonly DefinitionVersion[];
}

export interface DefinitionNames {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

export interface DefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  readonly schema?: { readonly openAPIV3Schema?: Schema };
  readonly subresources?: { readonly status?: JsonObject; readonly scale?: JsonObject };
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

/** In the order of recording 010. */
const VERBS: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

export function specOf(definition: KubeObject): DefinitionSpec {
  return definition['spec'] as unknown as DefinitionSpec;
}

/** @param currentSince the revision in which the definition became what it is */
export function customKinds(definition: KubeObject, accepted: DefinitionNames, currentSince: number): Kind[] {
  const spec = specOf(definition);
  const stored = spec.versions.find(({ storage }) => storage)?.name ?? '';
  return spec.versions
    .filter(({ served }) => served)
    .map((version) => ({
      resource: resourceOf(spec, accepted, version),
      stored: `${spec.names.plural}.${spec.group}`,
      storedApiVersion: `${spec.group}/${stored}`,
      schema: withMetadata(version.schema?.openAPIV3Schema ?? {}),
      nameRule: subdomain,
      unconditionalUpdate: false,
      generation: true,
      currentSince,
      warnings: finalizerWarnings,
      ...deprecationOf(spec, version),
    }));
}

function deprecationOf({ group, names }: DefinitionSpec, version: DefinitionVersion): Pick<Kind, 'deprecation'> {
  if (version.deprecated !== true) return {};
  return { deprecation: version.deprecationWarning ?? `${group}/${version.name} ${names.kind} is deprecated` };
}

function resourceOf(spec: DefinitionSpec, names: DefinitionNames, version: DefinitionVersion): Resource {
  return {
    group: spec.group,
    version: version.name,
    plural: spec.names.plural,
    singular: names.singular,
    kind: spec.names.kind,
    listKind: names.listKind,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    verbs: VERBS,
    hasStatus: version.subresources?.status !== undefined,
    ...(version.subresources?.scale === undefined ? {} : { hasScale: true }),
    schema: version.schema?.openAPIV3Schema ?? {},
    custom: true,
    columns: version.additionalPrinterColumns ?? [],
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
  };
}
