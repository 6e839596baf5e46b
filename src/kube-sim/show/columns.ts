// The columns of a resource: its own table, or those of its CRD after the name.
import { CREATION_DESCRIPTION, NAME_DESCRIPTION } from '../kinds/schemas/columns.ts';
import type { Json, KubeObject } from '../object.ts';
import type { PrinterColumn, Resource, TableColumn } from '../resource.ts';
import { formatAge } from './duration.ts';
import { parseJsonPath } from './json-path.ts';
import type { JsonPath } from './json-path.ts';
import { printed } from './printed.ts';

/** As a table defines it, and what it shows of an object. */
export interface Column {
  readonly name: string;
  readonly type: PrinterColumn['type'];
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  readonly cell: (object: KubeObject, now: number) => Json;
}

const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: NAME_DESCRIPTION,
  priority: 0,
  cell: ({ metadata }) => metadata.name,
};

/** Where a CRD names no columns. */
const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: CREATION_DESCRIPTION,
  jsonPath: '.metadata.creationTimestamp',
};

const made = new WeakMap<Resource, readonly Column[]>();

export function columnsOf(resource: Resource): readonly Column[] {
  const known = made.get(resource);
  if (known !== undefined) return known;
  const columns = resource.table?.map(ownColumn) ?? [NAME, ...printerColumns(resource).map(printerColumn)];
  made.set(resource, columns);
  return columns;
}

function printerColumns({ columns }: Resource): readonly PrinterColumn[] {
  return columns.length === 0 ? [AGE] : columns;
}

function ownColumn({ format = '', priority = 0, ...rest }: TableColumn): Column {
  return { ...rest, format, priority };
}

function printerColumn({ name, type, format = '', description, priority = 0, jsonPath }: PrinterColumn): Column {
  const path = pathOrNothing(jsonPath);
  return {
    name,
    type,
    format,
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority,
    cell: (object, now) => cell(type, path(object), now),
  };
}

/** A column whose path cannot be read stays empty: a table is never refused because of its CRD. */
function pathOrNothing(text: string): JsonPath {
  try {
    return parseJsonPath(text);
  } catch {
    return () => [];
  }
}

/** Only the first value is shown (recording 102: addresses[*]), and only if it is of the column's type. */
function cell(type: PrinterColumn['type'], [value]: readonly Json[], now: number): Json {
  if (value === undefined) return null;
  if (type === 'string') return printed(value);
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null;
  if (type === 'date') return typeof value === 'string' ? formatAge(value, now) : null;
  return typeof value === type ? value : null;
}
