// Which schema a part of a value answers to.
import { own } from '../own.ts';
import type { Schema } from './schema.ts';

/** Of the member `key` of an object; undefined where the schema says nothing about it. */
export function memberSchema(schema: Schema | undefined, key: string): Schema | undefined {
  return own(schema?.properties, key) ?? additionalSchema(schema);
}

/** Of members that are not among the properties. */
export function additionalSchema(schema: Schema | undefined): Schema | undefined {
  const additional = schema?.additionalProperties;
  return typeof additional === 'object' ? additional : undefined;
}
