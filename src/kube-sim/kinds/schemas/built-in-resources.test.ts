import { describe, expect, test } from 'vitest';
import { OBJECT_META_SCHEMA } from '../object-meta-schema.ts';
import { BUILT_IN_RESOURCES } from './built-in-resources.ts';
import { DEFINITIONS, schemaOf } from './definitions.ts';

describe('the built-in kinds', () => {
  test('are those that controllers and kubectl need', () => {
    expect(BUILT_IN_RESOURCES.map(({ group, kind }) => `${kind}.${group}`)).toEqual([
      'ConfigMap.',
      'Event.',
      'Namespace.',
      'Secret.',
      'ServiceAccount.',
      'Event.events.k8s.io',
      'CustomResourceDefinition.apiextensions.k8s.io',
      'Lease.coordination.k8s.io',
    ]);
  });

  test('have schemas without metadata, which has its own', () => {
    for (const { schema } of BUILT_IN_RESOURCES) expect(schema.properties).not.toHaveProperty('metadata');
    expect(OBJECT_META_SCHEMA.properties?.['ownerReferences']?.['x-kubernetes-list-map-keys']).toEqual(['uid']);
  });
});

describe('a schema made from a definition', () => {
  test.each(Object.keys(DEFINITIONS))('of %s finds every definition it refers to', (name) => {
    expect(() => schemaOf(name)).not.toThrow();
  });

  test('of the schema in a CRD contains itself', () => {
    const schema = schemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
    expect(schema.properties?.['not']).toBe(schema);
    expect(schema.properties?.['properties']?.additionalProperties).toBe(schema);
  });

  test('takes anything where the definition says nothing', () => {
    const schema = schemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON');
    expect(schema['x-kubernetes-preserve-unknown-fields']).toBe(true);
  });
});
