import type { Resource } from '../resource.ts';

/** Where the definitions of metadata and of answers are. */
export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** How the definitions of Kubernetes' own groups are called. */
const BUILT_IN: Readonly<Record<string, string>> = {
  '': 'io.k8s.api.core',
  'events.k8s.io': 'io.k8s.api.events',
  'coordination.k8s.io': 'io.k8s.api.coordination',
  'apiextensions.k8s.io': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
};

/** `test.example.v1.Machine`: the group backwards. */
export function definitionName({
  group,
  version,
  kind,
  custom,
}: Pick<Resource, 'group' | 'version' | 'kind' | 'custom'>): string {
  const prefix = custom ? group.split('.').toReversed().join('.') : BUILT_IN[group];
  return `${prefix}.${version}.${kind}`;
}

export function listDefinitionName(resource: Resource): string {
  return definitionName({ ...resource, kind: resource.listKind });
}
