// What `kubectl get` shows of the built-in kinds.
import type { Json, KubeObject } from '../../object.ts';
import type { TableColumn } from '../../resource.ts';
import { formatAge } from '../../show/duration.ts';
import { OBJECT_META } from './object-meta.ts';
import { isObject } from '../../shape.ts';

/** What `metadata.name` is, in the words of the API (recording 018). */
export const NAME_DESCRIPTION = descriptionOf('name');
/** What `metadata.creationTimestamp` is, in the words of the API (recording 116). */
export const CREATION_DESCRIPTION = descriptionOf('creationTimestamp');

const NAME: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: NAME_DESCRIPTION,
  cell: ({ metadata }) => metadata.name,
};

const AGE: TableColumn = {
  name: 'Age',
  type: 'string',
  description: CREATION_DESCRIPTION,
  cell: ({ metadata }, now) => formatAge(metadata.creationTimestamp, now),
};

export const NAMESPACE_TABLE: readonly TableColumn[] = [
  NAME,
  column('Status', 'Active, or Terminating.', (object) => text(member(object, 'status', 'phase'))),
  AGE,
];

export const CONFIG_MAP_TABLE: readonly TableColumn[] = [
  NAME,
  column('Data', 'How many keys there are.', (object) => count(object['data']) + count(object['binaryData'])),
  AGE,
];

export const SECRET_TABLE: readonly TableColumn[] = [
  NAME,
  column('Type', 'What the Secret is for.', (object) => text(object['type'])),
  column('Data', 'How many keys there are.', (object) => count(object['data'])),
  AGE,
];

export const SERVICE_ACCOUNT_TABLE: readonly TableColumn[] = [
  NAME,
  column('Secrets', 'How many Secrets are listed.', (object) => count(object['secrets'])),
  AGE,
];

export const LEASE_TABLE: readonly TableColumn[] = [
  NAME,
  column('Holder', 'Who holds it.', (object) => text(member(object, 'spec', 'holderIdentity'))),
  AGE,
];

export const CUSTOM_RESOURCE_DEFINITION_TABLE: readonly TableColumn[] = [
  NAME,
  {
    name: 'Created At',
    type: 'date',
    description: CREATION_DESCRIPTION,
    cell: ({ metadata }) => metadata.creationTimestamp,
  },
];

/** A column of text. */
export function column(name: string, description: string, cell: TableColumn['cell'], priority = 0): TableColumn {
  return { name, type: 'string', description, priority, cell };
}

/** A member within members, if every one on the way is there. */
export function member(object: KubeObject, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), object);
}

/** A text, or none. */
export function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function count(value: Json | undefined): number {
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function descriptionOf(key: string): string {
  return OBJECT_META['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']?.properties?.[key]?.description ?? '';
}
