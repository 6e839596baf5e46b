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

/** As it is from the moment of its deletion on; the mark counts as a change of what is wanted, once. */
export function marked(
  kind: Kind,
  object: KubeObject,
  time: string,
  finalizers = object.metadata.finalizers,
): KubeObject {
  const { generation, deletionTimestamp } = object.metadata;
  const kept = finalizers === undefined || finalizers.length === 0 ? {} : { finalizers };
  const { finalizers: _, ...rest } = object.metadata;
  if (deletionTimestamp !== undefined) return { ...object, metadata: { ...rest, ...kept } };
  if (kind.beforeDelete !== undefined)
    return kind.beforeDelete({ ...object, metadata: { ...rest, ...kept, deletionTimestamp: time } }, time);
  const counted = generation === undefined ? {} : { generation: generation + 1 };
  return {
    ...object,
    metadata: { ...rest, ...kept, ...counted, deletionTimestamp: time, deletionGracePeriodSeconds: 0 },
  };
}

/** Nothing stands in the way of its end. */
export function isFinished(kind: Kind, object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && kind.isHeld?.(object) !== true;
}
