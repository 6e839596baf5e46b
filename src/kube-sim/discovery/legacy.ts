// Groups, versions and resources in a document each, for clients that do not know the aggregated one (recording 010).
import { createHash } from 'node:crypto';
import type { JsonObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import type { Group, GroupVersion } from './groups.ts';
import { SUBRESOURCE_VERBS, subresourcesOf } from './subresources.ts';

/** `/api`: the versions of the core group. */
export function coreVersions({ versions }: Group, serverAddress: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: versions.map(({ version }) => version),
    serverAddressByClientCIDRs: addresses(serverAddress),
  };
}

/** `/apis`. */
export function groupList(groups: readonly Group[], serverAddress: string): JsonObject {
  return {
    kind: 'APIGroupList',
    groups: groups.map((group) => ({ ...versionsOf(group), serverAddressByClientCIDRs: addresses(serverAddress) })),
  };
}

/** `/apis/example.test`. */
export function apiGroup(group: Group): JsonObject {
  return { kind: 'APIGroup', apiVersion: 'v1', ...versionsOf(group) };
}

/** `/apis/example.test/v1`, `/api/v1`. */
export function resourceList({ name }: Group, { version, resources }: GroupVersion): JsonObject {
  return {
    kind: 'APIResourceList',
    ...(name !== '' && { apiVersion: 'v1' }),
    groupVersion: groupVersion(name, version),
    resources: resources.flatMap((resource) => [apiResource(resource), ...apiSubresources(resource)]),
  };
}

function versionsOf({ name, versions }: Group): JsonObject {
  const all = versions.map(({ version }) => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions: all, preferredVersion: all[0] };
}

function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

function apiResource(resource: Resource): JsonObject {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories, custom } = resource;
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(custom && { storageVersionHash: storageVersionHash(resource) }),
  };
}

/** A subresource names its group and version where they are others than it stands under. */
function apiSubresources(resource: Resource): readonly JsonObject[] {
  return subresourcesOf(resource).map(({ name, group, version, kind }) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(group !== resource.group && { group, version }),
    kind,
    verbs: SUBRESOURCE_VERBS,
  }));
}

/** Tells clients that what is stored has another form now. */
function storageVersionHash({ group, version, kind }: Resource): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}

function addresses(serverAddress: string): readonly JsonObject[] {
  return [{ clientCIDR: '0.0.0.0/0', serverAddress }];
}
