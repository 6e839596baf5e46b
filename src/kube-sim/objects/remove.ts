// The end of an object: at once, or as soon as nobody has anything to do about it.
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import { readCurrent, writeObject } from '../store/objects.ts';
import { type Api, timeOf } from '../verbs/api.ts';

/** Deletes an object as the server does by itself; one that somebody has to see to is marked. */
export function removeObject(api: Api, kind: Kind, namespace: string, name: string): void {
  const object = readCurrent(api.log, kind, namespace, name);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const gone = marked(kind, object, timeOf(api.clock));
  if (isFinished(kind, gone)) writeObject(api.log, kind, object, { deleted: true });
  else writeObject(api.log, kind, gone);
}

/** As it is from the moment of its deletion on; the mark counts as a change of what is wanted. */
export function marked(
  kind: Kind,
  object: KubeObject,
  time: string,
  finalizers = object.metadata.finalizers,
): KubeObject {
  const { finalizers: _, ...rest } = object.metadata;
  const { generation } = rest;
  const metadata = {
    ...rest,
    deletionTimestamp: time,
    deletionGracePeriodSeconds: 0,
    ...(finalizers === undefined || finalizers.length === 0 ? {} : { finalizers }),
    ...(generation === undefined ? {} : { generation: generation + 1 }),
  };
  return kind.beforeDelete?.({ ...object, metadata }, time) ?? { ...object, metadata };
}

/** Nothing stands in the way of its end. */
export function isFinished(kind: Kind, object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && kind.isHeld?.(object) !== true;
}
