// What is served, told to clients before they ask for it.
import type { Json } from '../object.ts';
import type { Resource } from '../resource.ts';
import { hashOf, PRIVATE } from '../show/document.ts';
import type { Document } from '../show/document.ts';
import { clauses, negotiate } from '../show/negotiate.ts';
import { aggregated } from './aggregated.ts';
import type { DiscoveryVersion } from './aggregated.ts';
import { groupsOf } from './groups.ts';
import type { Group } from './groups.ts';
import { apiGroup, coreVersions, groupList, resourceList } from './legacy.ts';
import { rootPaths, told } from './root-paths.ts';
import { SERVER_VERSION } from './server-version.ts';

/**
 * Of `/`, `/version`, `/api`, `/apis` and the groups and versions below them; undefined for any other path, and for a group
 * or version that is not served. `serverAddress` is where clients reach the server: `127.0.0.1:6443`.
 */
export function discoveryDocument(
  path: string,
  accept: string | undefined,
  resources: readonly Resource[],
  serverAddress = '',
): Document | undefined {
  const [root = '', name, version, ...deeper] = path.replace(/\/$/, '').split('/').slice(1);
  if (deeper.length > 0) return undefined;
  const groups = groupsOf(resources);
  if (root === 'apis') return apis(groups, [name, version], accept, serverAddress);
  if (root === 'api') return version === undefined ? api(groups, name, accept, serverAddress, resources) : undefined;
  if (name !== undefined) return undefined;
  if (root === '') return plain(rootPaths(resources), accept);
  return root === 'version' ? plain(SERVER_VERSION, accept) : undefined;
}

function api(
  groups: readonly Group[],
  version: string | undefined,
  accept: string | undefined,
  serverAddress: string,
  resources: readonly Resource[],
): Document | undefined {
  const core = groups.find(({ name }) => name === '');
  if (core === undefined) return { ...plain(rootPaths(resources), undefined), status: 404 };
  if (version !== undefined) return versionDocument(core, version, accept);
  return aggregatedDocument([core], accept) ?? plain(coreVersions(core, serverAddress), accept);
}

function apis(
  groups: readonly Group[],
  [name, version]: readonly [string | undefined, string | undefined],
  accept: string | undefined,
  serverAddress: string,
): Document | undefined {
  const named = groups.filter((group) => group.name !== '');
  if (name === undefined)
    return aggregatedDocument(named, accept) ?? plain(groupList(told(groups).filter(isNamed), serverAddress), accept);
  const group = named.find((one) => one.name === name);
  if (group === undefined) return undefined;
  return version === undefined ? plain(apiGroup(group), accept) : versionDocument(group, version, accept);
}

function isNamed({ name }: Group): boolean {
  return name !== '';
}

function versionDocument(group: Group, version: string, accept: string | undefined): Document | undefined {
  const found = group.versions.find((one) => one.version === version);
  return found && plain(resourceList(group, found), accept);
}

function plain(body: Json, accept: string | undefined): Document {
  const { mediaType } = negotiate(accept, 'document');
  return { status: 200, headers: { 'content-type': mediaType, 'cache-control': PRIVATE }, body };
}

/** Undefined where the client prefers the documents by group. */
function aggregatedDocument(groups: readonly Group[], accept: string | undefined): Document | undefined {
  const version = aggregatedVersion(accept);
  if (version === undefined) return undefined;
  const body = aggregated(groups, version);
  const headers = {
    'content-type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    vary: 'Accept',
    'cache-control': 'public',
    etag: `"${hashOf(JSON.stringify(body))}"`,
  };
  return { status: 200, headers, body };
}

function aggregatedVersion(accept = ''): DiscoveryVersion | undefined {
  const [first] = clauses(accept).filter(({ type, subtype }) =>
    ['application/json', 'application/yaml', 'application/*', '*/*'].includes(`${type}/${subtype}`),
  );
  const { parameters } = first ?? {};
  if (parameters?.get('as') !== 'APIGroupDiscoveryList' || parameters.get('g') !== 'apidiscovery.k8s.io')
    return undefined;
  const version = parameters.get('v');
  return version === 'v2' || version === 'v2beta1' ? version : undefined;
}
