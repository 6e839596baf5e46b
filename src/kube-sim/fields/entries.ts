// The entries of managedFields: who manages what.
import type { JsonObject, ManagedFieldsEntry } from '../object.ts';
import { type FieldSet, fromFieldsV1, isEmpty, toFieldsV1, union } from './field-set.ts';

/** Who writes, and through what. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
}

export interface Managed extends Manager {
  readonly time?: string;
  readonly fields: FieldSet;
}

/** Undefined where one of them is none, or there are none. */
export function readEntries(entries: readonly JsonObject[] | undefined): Managed[] | undefined {
  const read = (entries ?? []).map(readEntry);
  const whole = read.filter((entry) => entry !== undefined);
  return whole.length === 0 || whole.length < read.length ? undefined : whole;
}

function readEntry(entry: JsonObject): Managed | undefined {
  const {
    manager = '',
    operation,
    apiVersion = '',
    time,
    subresource,
    fieldsType,
    fieldsV1,
  } = entry as Partial<ManagedFieldsEntry>;
  const fields = fromFieldsV1(fieldsV1 ?? {});
  if ((operation !== 'Apply' && operation !== 'Update') || fieldsType !== 'FieldsV1' || fields === undefined)
    return undefined;
  return {
    manager,
    operation,
    apiVersion,
    ...(subresource === undefined || subresource === '' ? {} : { subresource }),
    ...(time === undefined || time === null ? {} : { time }),
    fields,
  };
}

/** One manager has an entry for each version and subresource; appliers have one for all versions. */
export function isSameManager(one: Manager, other: Manager): boolean {
  const isOneVersion = one.apiVersion === other.apiVersion || one.operation === 'Apply';
  return (
    one.manager === other.manager &&
    one.operation === other.operation &&
    (one.subresource ?? '') === (other.subresource ?? '') &&
    isOneVersion
  );
}

/** In the order of a real server: appliers first, then by time and name. */
export function writeEntries(all: readonly Managed[]): ManagedFieldsEntry[] {
  return capped(all)
    .filter(({ fields }) => !isEmpty(fields))
    .sort(inOrder)
    .map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(fields),
      ...(subresource === undefined ? {} : { subresource }),
    }));
}

function inOrder(one: Managed, other: Managed): number {
  const keys = ({ operation, time = '', manager, apiVersion, subresource = '' }: Managed): string[] => [
    operation,
    time,
    manager,
    apiVersion,
    subresource,
  ];
  const [a, b] = [keys(one), keys(other)];
  const differs = a.findIndex((key, index) => key !== b[index]);
  if (differs === -1) return 0;
  return (a[differs] ?? '') < (b[differs] ?? '') ? -1 : 1;
}

const MOST_UPDATERS = 10;

/** Beyond ten updaters the oldest ones of a version become one. */
function capped(all: readonly Managed[]): Managed[] {
  const updaters = all.filter(({ operation, fields }) => operation === 'Update' && !isEmpty(fields)).sort(inOrder);
  const result = new Set(all);
  const bucketOf = new Map<string, Managed>();
  for (const entry of updaters) {
    if (
      [...result].filter(({ operation, fields }) => operation === 'Update' && !isEmpty(fields)).length <= MOST_UPDATERS
    )
      break;
    const before = bucketOf.get(entry.apiVersion);
    bucketOf.set(entry.apiVersion, before === undefined ? entry : ancient(before, entry));
    if (before === undefined) continue;
    result.delete(before);
    result.delete(entry);
    result.add(ancient(before, entry));
    bucketOf.set(entry.apiVersion, [...result].at(-1) ?? entry);
  }
  return [...result];
}

function ancient(one: Managed, later: Managed): Managed {
  const { apiVersion, time } = later;
  const fields = union(one.fields, later.fields);
  return {
    manager: 'ancient-changes',
    operation: 'Update',
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fields,
  };
}
