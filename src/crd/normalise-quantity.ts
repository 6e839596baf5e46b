import { invalidSpec } from '#domain/fault';
import { GIB, MIB, parseQuantity } from '#domain/quantity';

/** Whole MiB, rounded down as upstream's manager does. Throws `invalid-spec`. */
export function mebibytes(value: string | number, path: string): number {
  return Math.floor(byteCount(value, path) / MIB);
}

/** Most of one disk, under either name of its size. */
export const MAX_DISK_GIB = 65_536;

/** Whole GiB of a disk, rounded up: it is never smaller than asked. Throws `invalid-spec`. */
export function gibibytes(value: string | number, path: string): number {
  const gib = Math.ceil(byteCount(value, path) / GIB);
  if (gib <= MAX_DISK_GIB) return gib;
  throw invalidSpec(path, `"${value}" is too much`, `Write at most "${MAX_DISK_GIB}Gi"`);
}

/** Less than a MiB is a number somebody forgot the unit of: `size: 40`. */
function byteCount(value: string | number, path: string): number {
  const bytes = parseQuantity(value);
  if (bytes !== undefined && bytes >= MIB) return bytes;
  const why = bytes === undefined ? `"${value}" is not a quantity` : `"${value}" is too little: it is in bytes`;
  throw invalidSpec(path, why, 'Write it like "40Gi" or "512Mi"');
}
