// The kinds that are there without a CRD: what controllers and kubectl need beside the custom ones.
import { definitionName } from '../definition-names.ts';
import type { Resource, Verb } from '../../resource.ts';
import type { Schema } from '../../schema/schema.ts';
import {
  CONFIG_MAP_TABLE,
  CUSTOM_RESOURCE_DEFINITION_TABLE,
  LEASE_TABLE,
  NAMESPACE_TABLE,
  SECRET_TABLE,
  SERVICE_ACCOUNT_TABLE,
} from './columns.ts';
import { schemaOf } from './definitions.ts';
import { EVENT_TABLE, EVENTS_GROUP_EVENT_TABLE } from './event-columns.ts';

/** In the order of recording 006. */
const VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const EVENT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

type Row = Pick<Resource, 'group' | 'plural' | 'kind'> & Partial<Resource>;

const ROWS: readonly Row[] = [
  {
    group: '',
    plural: 'configmaps',
    kind: 'ConfigMap',
    shortNames: ['cm'],
    table: CONFIG_MAP_TABLE,
  },
  {
    group: '',
    plural: 'events',
    kind: 'Event',
    shortNames: ['ev'],
    table: EVENT_TABLE,
    selectableFields: [
      ...EVENT_FIELDS.map((field) => `involvedObject.${field}`),
      'reason',
      'reportingComponent',
      'source',
      'type',
    ],
  },
  {
    group: '',
    plural: 'namespaces',
    kind: 'Namespace',
    shortNames: ['ns'],
    namespaced: false,
    // A namespace goes with all that is in it: never many at once.
    verbs: VERBS.filter((verb) => verb !== 'deletecollection'),
    hasStatus: true,
    table: NAMESPACE_TABLE,
    selectableFields: ['status.phase'],
  },
  { group: '', plural: 'secrets', kind: 'Secret', table: SECRET_TABLE, selectableFields: ['type'] },
  { group: '', plural: 'serviceaccounts', kind: 'ServiceAccount', shortNames: ['sa'], table: SERVICE_ACCOUNT_TABLE },
  {
    group: 'events.k8s.io',
    plural: 'events',
    kind: 'Event',
    shortNames: ['ev'],
    table: EVENTS_GROUP_EVENT_TABLE,
    selectableFields: [...EVENT_FIELDS.map((field) => `regarding.${field}`), 'reason', 'reportingController', 'type'],
  },
  {
    group: 'apiextensions.k8s.io',
    plural: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
    hasStatus: true,
    table: CUSTOM_RESOURCE_DEFINITION_TABLE,
  },
  { group: 'coordination.k8s.io', plural: 'leases', kind: 'Lease', table: LEASE_TABLE },
];

/** In the order in which discovery lists groups and resources. */
export const BUILT_IN_RESOURCES: readonly Resource[] = ROWS.map(resource);

function resource(row: Row): Resource {
  return {
    version: 'v1',
    singular: row.kind.toLowerCase(),
    listKind: `${row.kind}List`,
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: VERBS,
    hasStatus: false,
    custom: false,
    columns: [],
    selectableFields: [],
    schema: withoutMetadata(schemaOf(definitionName({ ...row, version: 'v1', custom: false }))),
    ...row,
  };
}

/** Metadata has its own schema, the same for all kinds. */
function withoutMetadata({ properties, ...rest }: Schema): Schema {
  const { metadata: _, ...others } = properties ?? {};
  return {
    ...rest,
    properties: others,
    ...(rest.required && { required: rest.required.filter((of) => of !== 'metadata') }),
  };
}
