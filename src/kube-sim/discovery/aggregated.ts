// Everything about every group in one document (recording 010).
import type { JsonObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import type { Group, GroupVersion } from './groups.ts';
import { SUBRESOURCE_VERBS, subresourcesOf } from './subresources.ts';
import type { Subresource } from './subresources.ts';

/** Of apidiscovery.k8s.io; both say the same. */
export type DiscoveryVersion = 'v2' | 'v2beta1';

export function aggregated(groups: readonly Group[], version: DiscoveryVersion): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: { ...(name !== '' && { name }), creationTimestamp: null },
      versions: versions.map(versionDiscovery),
    })),
  };
}

function versionDiscovery({ version, resources }: GroupVersion): JsonObject {
  return { version, resources: resources.map(resourceDiscovery), freshness: 'Current' };
}

function resourceDiscovery(resource: Resource): JsonObject {
  const subresources = subresourcesOf(resource);
  return {
    resource: resource.plural,
    responseKind: responseKind(resource, resource),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
    ...(resource.categories.length > 0 && { categories: resource.categories }),
    ...(subresources.length > 0 && { subresources: subresources.map((one) => subresourceDiscovery(one, resource)) }),
  };
}

function subresourceDiscovery(subresource: Subresource, resource: Resource): JsonObject {
  return {
    subresource: subresource.name,
    responseKind: responseKind(subresource, resource),
    verbs: SUBRESOURCE_VERBS,
  };
}

/** A built-in kind leaves out the group and version it stands under. */
function responseKind({ group, version, kind }: Omit<Subresource, 'name'>, resource: Resource): JsonObject {
  const isHere = group === resource.group && version === resource.version;
  return isHere && !resource.custom ? { group: '', version: '', kind } : { group, version, kind };
}
