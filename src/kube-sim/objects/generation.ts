// What counts as a change of what is wanted.
import { isDeepStrictEqual } from 'node:util';
import type { Json, KubeObject } from '../object.ts';

/** All but metadata, and but the status where that is written by itself. */
export function isWantedChanged(object: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  return !isDeepStrictEqual(wanted(object, hasStatus), wanted(old, hasStatus));
}

function wanted(object: KubeObject, hasStatus: boolean): Json {
  const { metadata: _, apiVersion: __, status, ...rest } = object;
  return hasStatus || status === undefined ? rest : { ...rest, status };
}

/** Whether there is anything to write; who owns which field counts, when it was written does not. */
export function isSame(object: KubeObject, old: KubeObject): boolean {
  return isDeepStrictEqual(plain(object), plain(old));
}

function plain(object: KubeObject): unknown {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return JSON.parse(JSON.stringify({ ...object, metadata })) as unknown;
}
