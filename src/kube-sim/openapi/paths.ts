// The paths of a resource, and what can be done at each (recordings 001, 011).
import { subresourcesOf } from '../discovery/subresources.ts';
import type { Resource } from '../resource.ts';
import { listing, ofCollection } from './collection.ts';
import { LIST, naming } from './operation.ts';
import type { PathItem } from './operation.ts';
import { nameParameter, parameters } from './parameters.ts';
import type { Parameter } from './parameters.ts';
import { ofOne, ofSubresource } from './single.ts';
import { watches } from './watches.ts';

/** In the order of the paths. */
export function pathsOf(resource: Resource): readonly PathItem[] {
  const { group, version, plural, namespaced, custom } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespaced ? '/namespaces/{namespace}' : '';
  const all = [
    ...(namespaced ? [everywhere(resource, `${root}/${plural}`)] : []),
    ...named(resource, `${root}${scope}/${plural}`),
    ...(custom ? [] : watches(resource, root, scope)),
  ];
  return all.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

function everywhere(resource: Resource, path: string): PathItem {
  const { id } = naming(resource);
  const list = listing(resource, `${id('list', '')}ForAllNamespaces`, []);
  return { path, operations: [list], parameters: parameters(...LIST, 'pretty') };
}

function named(resource: Resource, path: string): readonly PathItem[] {
  const name = nameParameter(resource.kind);
  return [
    { path, operations: ofCollection(resource), parameters: place(resource) },
    { path: `${path}/{name}`, operations: ofOne(resource), parameters: [name, ...place(resource)] },
    ...subresourcesOf(resource).map((subresource) => ({
      path: `${path}/{name}/${subresource.name}`,
      operations: ofSubresource(resource, subresource.name),
      parameters: [name, ...place(resource)],
    })),
  ];
}

function place({ namespaced }: Resource): readonly Parameter[] {
  return namespaced ? parameters('namespace', 'pretty') : parameters('pretty');
}
