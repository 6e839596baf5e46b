// The paths that tell what there is: groups, versions, resources, the version of the server.
import { META } from '../kinds/definition-names.ts';
import type { PathItem } from './operation.ts';
import { groupInName, tagOf } from './operation-names.ts';

export const GROUPS: PathItem = item(
  '/apis',
  'apis',
  'get available API versions',
  'getAPIVersions',
  `${META}.APIGroupList`,
);

export function groupPath(group: string): PathItem {
  const id = `get${groupInName(group)}APIGroup`;
  return item(`/apis/${group}`, tagOf(group), 'get information of a group', id, `${META}.APIGroup`);
}

export function versionPath(group: string, version: string): PathItem {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const id = `get${groupInName(group, version)}APIResources`;
  return item(path, tagOf(group, version), 'get available resources', id, `${META}.APIResourceList`);
}

export const SERVER_VERSION_PATH: PathItem = item(
  '/version',
  'version',
  'get the code version',
  'getCodeVersion',
  'io.k8s.apimachinery.pkg.version.Info',
);

function item(path: string, tag: string, description: string, id: string, of: string): PathItem {
  const operation = { method: 'get', id, tag, description, parameters: [], answers: [[200, of]] } as const;
  return { path, operations: [operation], parameters: [] };
}
