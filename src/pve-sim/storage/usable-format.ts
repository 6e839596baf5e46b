import type { Process } from '../process.ts';
import type { StorageState } from '../world/world.ts';
import { storageKind } from './storage-types.ts';

/** A format that the storage does not have falls back to its own (pve-behaviour 27.4). */
export function usableFormat(process: Process, onto: StorageState, format: string, warns: boolean): string {
  const formats: readonly string[] = storageKind(onto).formats;
  if (formats.includes(format)) return format;
  const fallback = formats.includes(onto.defaultFormat) ? onto.defaultFormat : 'raw';
  if (warns) process.warn(`storage '${onto.id}' does not support format '${format}', using '${fallback}'`);
  return fallback;
}
