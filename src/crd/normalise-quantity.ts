import { invalidSpec } from '#domain/fault';
import { GIB, MIB, parseQuantity } from '#domain/quantity';

/** Whole MiB, rounded down as upstream's manager does. Throws `invalid-spec`. */
export function mebibytes(value: string | number, path: string): number {
  return Math.floor(byteCount(value, path, MIB) / MIB);
}

/** Whole GiB, rounded up: a disk is never smaller than asked. Throws `invalid-spec`. */
export function gibibytes(value: string | number, path: string): number {
  return Math.ceil(byteCount(value, path, 1) / GIB);
}

function byteCount(value: string | number, path: string, least: number): number {
  const bytes = parseQuantity(value);
  if (bytes !== undefined && bytes >= least) return bytes;
  const why = bytes === undefined ? `"${value}" is not a quantity` : `"${value}" is too little`;
  throw invalidSpec(path, why, 'Write it like "40Gi" or "512Mi"');
}
