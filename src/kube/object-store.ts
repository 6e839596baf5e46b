// Objects of one kind as they were last heard of, and what changes when something new is heard.
import type { KubeObject, ObjectKey } from './object.ts';

/** `next` alone: it is new; `previous` alone: it is gone, and was so at last. */
export type Change =
  | { readonly next: KubeObject; readonly previous?: KubeObject }
  | { readonly next?: undefined; readonly previous: KubeObject };

export interface ObjectStore {
  get(key: ObjectKey): KubeObject | undefined;
  list(namespace?: string): readonly KubeObject[];
  put(object: KubeObject): readonly Change[];
  remove(object: KubeObject): readonly Change[];
  /** These and no others. */
  replace(objects: readonly KubeObject[]): readonly Change[];
}

export function createObjectStore(): ObjectStore {
  /** Namespace (empty for kinds without), then name. */
  let spaces = new Map<string, Map<string, KubeObject>>();

  const get = ({ name, namespace = '' }: ObjectKey): KubeObject | undefined => spaces.get(namespace)?.get(name);
  const list = (namespace?: string): readonly KubeObject[] =>
    namespace === undefined
      ? [...spaces.values()].flatMap((objects) => [...objects.values()])
      : [...(spaces.get(namespace)?.values() ?? [])];

  return {
    get,
    list,
    put: (object) => {
      const previous = get(object.metadata);
      set(spaces, object);
      return changesBetween(previous, object);
    },
    remove: (object) => {
      const { name, namespace = '', uid } = object.metadata;
      if (get(object.metadata)?.metadata.uid !== uid) return [];
      const space = spaces.get(namespace);
      space?.delete(name);
      if (space?.size === 0) spaces.delete(namespace);
      return [{ previous: object }];
    },
    replace: (objects) => {
      const before = list();
      const earlier = spaces;
      spaces = new Map();
      for (const object of objects) set(spaces, object);
      const gone = before.filter(({ metadata }) => get(metadata) === undefined).map((previous) => ({ previous }));
      const previousOf = ({ metadata: { name, namespace = '' } }: KubeObject) => earlier.get(namespace)?.get(name);
      return [...gone, ...objects.flatMap((object) => changesBetween(previousOf(object), object))];
    },
  };
}

function set(spaces: Map<string, Map<string, KubeObject>>, object: KubeObject): void {
  const { name, namespace = '' } = object.metadata;
  const space = spaces.get(namespace) ?? new Map<string, KubeObject>();
  spaces.set(namespace, space.set(name, object));
}

/** Another one of the same name is another one: the first is gone. */
function changesBetween(previous: KubeObject | undefined, next: KubeObject): readonly Change[] {
  if (previous === undefined) return [{ next }];
  if (previous.metadata.uid !== next.metadata.uid) return [{ previous }, { next }];
  return previous.metadata.resourceVersion === next.metadata.resourceVersion ? [] : [{ next, previous }];
}
