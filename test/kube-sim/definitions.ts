// A kind to try things with.
export const THINGS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.test' },
  spec: {
    group: 'example.test',
    scope: 'Namespaced',
    names: { kind: 'Thing', plural: 'things' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { type: 'integer', default: 1 },
                  note: { type: 'string' },
                  names: { type: 'array', items: { type: 'string' } },
                },
              },
              status: { type: 'object', properties: { phase: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
} as const;

export const DEFINITIONS_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export function thingsPath(namespace = 'default'): string {
  return `/apis/example.test/v1/namespaces/${namespace}/things`;
}

export function thing(name: string, more: Readonly<Record<string, unknown>> = {}, metadata: object = {}) {
  return { apiVersion: 'example.test/v1', kind: 'Thing', metadata: { name, ...metadata }, spec: {}, ...more };
}
