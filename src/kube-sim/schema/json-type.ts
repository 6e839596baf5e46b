// The type of a JSON value, as the schemas of CRDs name types.
import type { Json } from '../object.ts';
import { isList } from '../shape.ts';

const BEYOND_INT64 = 2 ** 63;

export function jsonType(value: Json): string {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  if (typeof value === 'number') return isInt64(value) ? 'integer' : 'number';
  return typeof value;
}

/** The format that goes with the type of a number. */
export function numberFormat(value: Json): string {
  if (typeof value !== 'number') return '';
  return isInt64(value) ? 'int64' : 'float64';
}

/** Whole within what a JSON number holds exactly, and up to the rounding of a division. */
export function isWhole(value: number): boolean {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return false;
  const off = Math.abs(value - Math.trunc(value));
  return off === 0 || off / (Math.abs(value) + Math.abs(Math.trunc(value))) < 1e-9;
}

/** What Go reads as an integer: beyond 64 bits it is a float. */
export function isInt64(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < BEYOND_INT64;
}
