import { describe, expect, test } from 'vitest';
import { customResourceDefinitions } from './custom-resource-definition.ts';
import type { SchemaNode } from './schema-node.ts';

interface Place {
  readonly path: string;
  readonly node: SchemaNode;
}

/** The node and all below it. */
function places(node: SchemaNode, path: string): Place[] {
  return [
    { path, node },
    ...Object.entries(node.properties ?? {}).flatMap(([name, field]) => places(field, `${path}.${name}`)),
    ...(node.items === undefined ? [] : places(node.items, `${path}[]`)),
    ...(typeof node.additionalProperties === 'object' ? places(node.additionalProperties, `${path}{}`) : []),
  ];
}

const crds = customResourceDefinitions().map((crd) => ({
  kind: crd.spec.names.kind,
  all: places(crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}, crd.spec.names.kind),
}));

test('V12: no kind has a scale, whose fields would have to be there', () => {
  const subresources = customResourceDefinitions().map(({ spec }) => spec.versions.map((one) => one.subresources));
  expect(subresources.flat().map((one) => Object.keys(one ?? {}))).toEqual(crds.map(() => ['status']));
});

const KNOWN: readonly string[] = [
  'additionalProperties',
  'anyOf',
  'default',
  'description',
  'enum',
  'format',
  'items',
  'maxItems',
  'maxLength',
  'maximum',
  'minItems',
  'minLength',
  'minimum',
  'pattern',
  'properties',
  'required',
  'type',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-preserve-unknown-fields',
];

function isTyped(node: SchemaNode): boolean {
  return (
    node.type !== undefined ||
    node['x-kubernetes-int-or-string'] === true ||
    node['x-kubernetes-preserve-unknown-fields'] === true
  );
}

const pathsOf = (found: readonly Place[]): string[] => found.map(({ path }) => path);

describe.each(crds)('the schema of $kind', ({ all }) => {
  test('gives every node a type, or says why it has none', () => {
    expect(pathsOf(all.filter(({ node }) => !isTyped(node)))).toEqual([]);
  });

  test('uses no keyword that a structural schema may not have', () => {
    const strange = all.flatMap(({ path, node }) =>
      Object.keys(node).flatMap((key) => (KNOWN.includes(key) ? [] : [`${path}: ${key}`])),
    );
    expect(strange).toEqual([]);
  });

  test('requires no field it does not have', () => {
    const unknown = all.filter(
      ({ node }) => node.required?.some((name) => node.properties?.[name] === undefined) === true,
    );
    expect(pathsOf(unknown)).toEqual([]);
  });

  test('describes every field', () => {
    const fields = all.filter(({ path }) => /\.\w+$/.test(path) && !/^\w+\.metadata$/.test(path));
    expect(pathsOf(fields.filter(({ node }) => node.description === undefined))).toEqual([]);
  });

  // An item that the server completes would differ from its manifest ever after: kubectl would patch it each time.
  test('has no defaults in lists', () => {
    expect(pathsOf(all.filter(({ path, node }) => path.includes('[]') && node.default !== undefined))).toEqual([]);
  });

  test('has no bounds that say nothing', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const silent = all.filter(({ node }) => node.maximum === most || node.minimum === -most);
    expect(pathsOf(silent)).toEqual([]);
  });
});
