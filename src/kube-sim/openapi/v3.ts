// OpenAPI version 3: a document for each group and version, and an index of them. `kubectl explain` and client-side
// validation read these, and keep them for as long as their hash stays the same.
import { groupsOf } from '../discovery/groups.ts';
import type { Group } from '../discovery/groups.ts';
import type { JsonObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import type { PathItem } from './operation.ts';
import { pathsOf } from './paths.ts';
import { referenced } from './referenced.ts';
import { definitionsOf } from './resource-definitions.ts';
import { groupPath, GROUPS, SERVER_VERSION_PATH, versionPath } from './root-operations.ts';
import { pathsInV3 } from './v3-paths.ts';
import { inV3 } from './written-schema.ts';

/** Recordings 001 and 011. */
const SERVER_INFO = { title: 'Generic API Server', version: '1.32' };
const CRD_INFO = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' };

/** Makes the document of each path (`apis/example.test/v1`), as the index names them. */
export function documentsInV3(resources: readonly Resource[]): ReadonlyMap<string, () => JsonObject> {
  const named = groupsOf(resources).flatMap((group) => ofGroup(group, resources));
  const all: [string, () => JsonObject][] = [
    ['apis', () => document([GROUPS], [], false)],
    ...named,
    ['version', () => document([SERVER_VERSION_PATH], [], false)],
  ];
  return new Map(all.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function ofGroup({ name, custom, versions }: Group, resources: readonly Resource[]): [string, () => JsonObject][] {
  const root = name === '' ? 'api' : `apis/${name}`;
  const group: [string, () => JsonObject][] =
    custom || name === '' ? [] : [[root, () => document([groupPath(name)], [], false)]];
  const documents = versions.map(({ version, resources: of }): [string, () => JsonObject] => [
    `${root}/${version}`,
    () => document([...(custom ? [] : [versionPath(name, version)]), ...of.flatMap(pathsOf)], resources, custom),
  ]);
  return [...group, ...documents];
}

function document(items: readonly PathItem[], resources: readonly Resource[], custom: boolean): JsonObject {
  const paths = pathsInV3(items.toSorted((one, other) => (one.path < other.path ? -1 : 1)));
  const find = definitionsOf(resources, !custom);
  const schemas = referenced(paths, (name) => {
    const { definition, extensions } = find(name);
    return { ...inV3(definition), ...extensions };
  });
  return { openapi: '3.0.0', info: custom ? CRD_INFO : SERVER_INFO, paths, components: { schemas } };
}
