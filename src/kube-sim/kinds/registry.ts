// Which kinds are served: those of Kubernetes itself, and those of the CRDs that are established.
import type { Resource } from '../resource.ts';
import type { Kind } from './kind.ts';

export interface Kinds {
  find(group: string, version: string, plural: string): Kind | undefined;
  /** A kind of the resource that the log knows by this name. */
  byStored(stored: string): Kind | undefined;
  /** By `apiVersion` and `kind`, as an owner reference tells it. */
  byKind(apiVersion: string, kind: string): Kind | undefined;
  all(): readonly Kind[];
  resources(): readonly Resource[];
  /** The kinds (a version each) of a CRD from now on; none: it is gone. */
  define(crd: string, kinds: readonly Kind[]): void;
  definedBy(crd: string): readonly Kind[];
}

export function createKinds(own: readonly Kind[]): Kinds {
  const defined = new Map<string, readonly Kind[]>();
  const index = (): Index => indexOf([...own, ...[...defined.values()].flat()]);
  let now = index();
  return {
    find: (group, version, plural) => now.byPath.get(`${group}/${version}/${plural}`),
    byStored: (stored) => now.byStored.get(stored),
    byKind: (apiVersion, kind) => now.byKind.get(`${apiVersion}/${kind}`),
    all: () => now.all,
    resources: () => now.resources,
    define: (crd, kinds) => {
      if (kinds.length === 0) defined.delete(crd);
      else defined.set(crd, kinds);
      now = index();
    },
    definedBy: (crd) => defined.get(crd) ?? [],
  };
}

interface Index {
  readonly all: readonly Kind[];
  readonly resources: readonly Resource[];
  readonly byPath: ReadonlyMap<string, Kind>;
  readonly byStored: ReadonlyMap<string, Kind>;
  readonly byKind: ReadonlyMap<string, Kind>;
}

function indexOf(all: readonly Kind[]): Index {
  const apiVersion = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`);
  return {
    all,
    resources: all.map(({ resource }) => resource),
    byPath: new Map(
      all.map((kind) => [`${kind.resource.group}/${kind.resource.version}/${kind.resource.plural}`, kind]),
    ),
    byStored: new Map(
      all.filter((kind) => kind.storedApiVersion === apiVersion(kind.resource)).map((kind) => [kind.stored, kind]),
    ),
    byKind: new Map(all.map((kind) => [`${apiVersion(kind.resource)}/${kind.resource.kind}`, kind])),
  };
}
