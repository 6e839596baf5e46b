import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../object.ts';
import { wrongDefinition } from './check-definition.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { size: { type: 'integer' }, parts: { type: 'array', items: { type: 'string' } } },
    },
  },
};
const VERSION = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: SCHEMA } };
const NAMES = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' };

function definition(version: JsonObject = {}, spec: JsonObject = {}, stored = ['v1']): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.test' },
    spec: {
      group: 'example.test',
      scope: 'Namespaced',
      names: NAMES,
      conversion: { strategy: 'None' },
      versions: [{ ...VERSION, ...version }],
      ...spec,
    },
    status: { storedVersions: stored },
  } as unknown as KubeObject;
}

const column = (about: JsonObject): KubeObject =>
  definition({ additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '.spec.size', ...about }] });
const scale = (about: JsonObject): KubeObject =>
  definition({
    subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size', ...about } },
  });
const select = (...paths: string[]): KubeObject =>
  definition({ selectableFields: paths.map((jsonPath) => ({ jsonPath })) });
const second = (version: JsonObject): readonly JsonObject[] => [
  VERSION,
  { ...VERSION, name: 'v2', storage: false, ...version },
];

// Texts of k8s.io/apiextensions-apiserver 0.32.
const REFUSED: readonly (readonly [about: string, definition: KubeObject, error: string])[] = [
  ['a column without a name', column({ name: '' }), 'spec.additionalPrinterColumns[0].name: Required value'],
  [
    'a column of a strange type',
    column({ type: 'text' }),
    'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
  ],
  [
    'a column of a strange format',
    column({ format: 'long' }),
    'spec.additionalPrinterColumns[0].format: Invalid value: "long": must be one of byte,date,date-time,double,float,int32,int64,password',
  ],
  [
    'a column of no path',
    column({ jsonPath: 'spec' }),
    'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
  ],
  [
    'a column of its second version',
    definition({}, { versions: second({ additionalPrinterColumns: [{ name: 'A', type: 'string' }] }) }),
    'spec.versions[1].additionalPrinterColumns[0].JSONPath: Required value',
  ],
  [
    'replicas outside of the spec',
    scale({ specReplicasPath: '.size' }),
    'spec.subresources.scale.specReplicasPath: Invalid value: ".size": should be a json path under .spec',
  ],
  [
    'no replicas in the status',
    scale({ statusReplicasPath: '' }),
    'spec.subresources.scale.statusReplicasPath: Required value',
  ],
  [
    'a selector elsewhere',
    scale({ labelSelectorPath: '.x' }),
    'spec.subresources.scale.labelSelectorPath: Invalid value: ".x": should be a json path under either .spec or .status',
  ],
  [
    'a field to select by that is not there',
    select('.spec.none'),
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.none": is an invalid path: does not refer to a valid field',
  ],
  [
    'a list to select by',
    select('.spec.parts'),
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.parts": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
  ],
  [
    'a field to select by twice',
    select('.spec.size', '.spec.size'),
    'spec.selectableFields[1].jsonPath: Duplicate value: ".spec.size"',
  ],
  [
    'a warning of no deprecation',
    definition({ deprecationWarning: 'old' }),
    'spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions',
  ],
  [
    'a version that is no name',
    definition({ name: '1x' }, {}, ['1x']),
    "spec.versions[0].name: Invalid value: \"1x\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    'no version to store',
    definition({ storage: false }),
    'spec.versions: Invalid value: []apiextensions.CustomResourceDefinitionVersion{apiextensions.CustomResourceDefinitionVersion{Name:"v1", Served:true, Storage:false, Deprecated:false, DeprecationWarning:(*string)(nil), Schema:(*apiextensions.CustomResourceValidation)(nil), Subresources:(*apiextensions.CustomResourceSubresources)(nil), AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition(nil), SelectableFields:[]apiextensions.SelectableField(nil)}}: must have exactly one version marked as storage version',
  ],
  [
    'a version gone in which objects are stored',
    definition({}, {}, ['v0', 'v1']),
    'status.storedVersions[0]: Invalid value: "v0": must appear in spec.versions',
  ],
  [
    'a group of Kubernetes',
    definition({}, { group: 'a.k8s.io' }),
    'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
  ],
  [
    'a strange conversion',
    definition({}, { conversion: { strategy: 'Odd' } }),
    'spec.conversion.strategy: Unsupported value: "Odd": supported values: "None", "Webhook"',
  ],
  [
    'a conversion by nobody',
    definition({}, { conversion: { strategy: 'Webhook' } }),
    'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
  ],
  [
    'unknown fields in all versions',
    definition({}, { preserveUnknownFields: true }),
    'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
  ],
];

describe('a definition with', () => {
  it.each(REFUSED)('%s is refused', (_about, wrong, error) => {
    expect(wrongDefinition(wrong, undefined).map(({ field, message }) => `${field}: ${message}`)).toContain(error);
  });

  it('all of that right is taken', () => {
    const right = definition({
      deprecated: true,
      deprecationWarning: 'old',
      additionalPrinterColumns: [{ name: 'A', type: 'integer', format: 'int64', jsonPath: '.spec.size' }],
      selectableFields: [{ jsonPath: '.spec.size' }],
      subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
    });
    expect(wrongDefinition(right, undefined)).toEqual([]);
  });
});
