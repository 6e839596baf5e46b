import type { JsonObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { groupsOf } from './groups.ts';
import type { Group } from './groups.ts';

const ALWAYS = [
  '/apis',
  '/apis/',
  '/healthz',
  '/livez',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/',
  '/readyz',
  '/version',
];

/** `/`, and what is told with a 404 for a path outside /apis (recordings 005, 010). */
export function rootPaths(resources: readonly Resource[]): JsonObject {
  const groups = groupsOf(resources);
  return { paths: [...ALWAYS, ...told(groups).flatMap(pathsOf)].toSorted() };
}

/**
 * Without a core group this is the server of CRDs alone: what it makes from CRDs is listed by the aggregator that stands
 * in front of it in a whole Kubernetes.
 */
export function told(groups: readonly Group[]): readonly Group[] {
  return groups.some(({ name }) => name === '') ? groups : groups.filter(({ custom }) => !custom);
}

function pathsOf({ name, versions }: Group): readonly string[] {
  const root = name === '' ? '/api' : `/apis/${name}`;
  return [root, ...versions.map(({ version }) => `${root}/${version}`)];
}
