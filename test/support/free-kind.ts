// A kind of Kubernetes as far as tests need it that look at what is written: no defaults, hardly a rule.
import type { Resource } from '#kube/resource';
import type { Kind } from '#kube-sim/kinds/kind';
import { withMetadata } from '#kube-sim/kinds/with-metadata';
import { subdomain } from '#kube-sim/objects/names';

/** Whatever is said in its spec, and by whoever has a status to tell. */
export function freeKind({ group, version, plural, kind }: Resource, check: NonNullable<Kind['check']>): Kind {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
  const schema = { type: 'object', properties: { spec: anything, status: anything } } as const;
  return {
    resource: {
      group,
      version,
      plural,
      kind,
      singular: kind.toLowerCase(),
      listKind: `${kind}List`,
      shortNames: [],
      categories: [],
      namespaced: true,
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      hasStatus: true,
      custom: false,
      columns: [],
      selectableFields: [],
      schema,
    },
    stored: group === '' ? plural : `${plural}.${group}`,
    storedApiVersion: group === '' ? version : `${group}/${version}`,
    schema: withMetadata(schema),
    nameRule: subdomain,
    unconditionalUpdate: true,
    generation: true,
    currentSince: 0,
    check,
  };
}
