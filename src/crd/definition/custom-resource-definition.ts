// The CRDs of our kinds, as an API server takes them.
import type { Column, Kind } from '../kind.ts';
import { kinds } from '../kinds.ts';
import { GROUP, VERSION } from '../manifests.ts';
import type { SchemaNode } from './schema-node.ts';
import { structuralSchema } from './structural.ts';

/** A CustomResourceDefinition of apiextensions.k8s.io/v1. */
export type CustomResourceDefinition = {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: CrdNames;
    readonly versions: readonly CrdVersion[];
  };
};

type CrdNames = {
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
};

type CrdVersion = {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly schema: { readonly openAPIV3Schema: SchemaNode };
  readonly subresources: { readonly status: Readonly<Record<string, never>> };
  readonly additionalPrinterColumns: readonly Column[];
};

/** In the order of `kinds`. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return kinds.map(customResourceDefinition);
}

function customResourceDefinition(kind: Kind): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: { group: GROUP, scope: 'Namespaced', names: names(kind), versions: [version(kind)] },
  };
}

function names({ kind, plural, shortNames }: Kind): CrdNames {
  return {
    kind,
    listKind: `${kind}List`,
    plural,
    singular: kind.toLowerCase(),
    shortNames,
    categories: ['virtrigaud'],
  };
}

const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function version(kind: Kind): CrdVersion {
  return {
    name: VERSION,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: objectSchema(kind) },
    subresources: { status: {} },
    additionalPrinterColumns: [...kind.columns, AGE],
  };
}

function objectSchema({ about, spec, status }: Kind): SchemaNode {
  return {
    type: 'object',
    description: about,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'Version of the API this object is written in.' },
      kind: { type: 'string', description: 'What this object is.' },
      metadata: { type: 'object' },
      spec: { description: 'What is wanted.', ...structuralSchema(spec) },
      status: { description: 'What is there.', ...structuralSchema(status) },
    },
  };
}
