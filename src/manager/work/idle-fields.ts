// Fields of a manifest that nothing comes of: its author is told once for each generation, and it is no reason not to be ready.
import { fieldsOfNoEffect, type IdleField } from '#crd/of-no-effect';
import { type KubeObject, keyOf, keyText } from '#kube/object';
import type { Visit } from './controller.ts';
import { manifestOf } from './manifest-of.ts';

const CONDITION = 'FieldsOfNoEffect';
/** So many are named. */
const NAMED = 5;

export interface IdleFields {
  /** A condition, as long as there are some, and an Event where it is news. */
  tell(visit: Visit): void;
  /** There is no such object any more. */
  forget(key: string): void;
}

/** Remembers what it has found, for what was asked for changes seldom. */
export function createIdleFields(): IdleFields {
  const known = new Map<string, { readonly generation: string; readonly message: string | undefined }>();
  function messageFor(object: KubeObject): string | undefined {
    const key = keyText(keyOf(object));
    const { uid, generation: number = 0 } = object.metadata;
    const generation = `${uid} ${number}`;
    const found = known.get(key);
    if (found?.generation === generation) return found.message;
    const message = words(fieldsOfNoEffect(manifestOf(object)));
    known.set(key, { generation, message });
    return message;
  }
  return {
    tell: (visit) => {
      const { status } = visit;
      const message = messageFor(visit.object);
      if (message === undefined) return status.removeCondition(CONDITION);
      if (status.condition(CONDITION)?.message !== message) visit.tell('Warning', CONDITION, message);
      status.setCondition(CONDITION, 'True', 'Ignored', message);
    },
    forget: (key) => void known.delete(key),
  };
}

/** `spec.weight: of no effect: nothing is preferred yet. spec.connectionPooling: of no effect: gRPC has one connection.` */
function words(fields: readonly IdleField[]): string | undefined {
  if (fields.length === 0) return undefined;
  const told = fields
    .slice(0, NAMED)
    .map(({ field, why }) => `${field}: ${why.charAt(0).toLowerCase()}${why.slice(1)}`);
  const more = fields.length > NAMED ? [`And ${fields.length - NAMED} more fields.`] : [];
  return [...told, ...more].join(' ');
}
