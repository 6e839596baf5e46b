// What /apis and /version answer (recording 011).
import type { Definitions } from './definition.ts';
import { TYPE_META } from './type-meta.ts';

/** Definitions of the lists of groups, versions and resources. */
export const DISCOVERY: Definitions = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup': {
    description: 'APIGroup contains the name, the supported versions, and the preferred version of a group.',
    type: 'object',
    required: ['name', 'versions'],
    properties: {
      ...TYPE_META,
      name: { description: 'name is the name of the group.', type: 'string' },
      preferredVersion: {
        description:
          'preferredVersion is the version preferred by the API server, which probably is the storage version.',
        $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery',
      },
      serverAddressByClientCIDRs: {
        description:
          'a map of client CIDR to server address that is serving this group. This is to help clients reach servers in the most network-efficient way possible. Clients can use the appropriate server address as per the CIDR that they match. In case of multiple matches, clients should use the longest matching CIDR. The server returns only those CIDRs that it thinks that the client can match. For example: the master will return an internal IP CIDR only, if the client reaches the server using an internal IP. Server looks at X-Forwarded-For header or X-Real-Ip header or request.RemoteAddr (in that order) to get the client IP.',
        type: 'array',
        items: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR' },
        'x-kubernetes-list-type': 'atomic',
      },
      versions: {
        description: 'versions are the versions supported in this group.',
        type: 'array',
        items: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery' },
        'x-kubernetes-list-type': 'atomic',
      },
    },
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList': {
    description: 'APIGroupList is a list of APIGroup, to allow clients to discover the API at /apis.',
    type: 'object',
    required: ['groups'],
    properties: {
      ...TYPE_META,
      groups: {
        description: 'groups is a list of APIGroup.',
        type: 'array',
        items: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup' },
        'x-kubernetes-list-type': 'atomic',
      },
    },
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIResource': {
    description: 'APIResource specifies the name of a resource and whether it is namespaced.',
    type: 'object',
    required: ['name', 'singularName', 'namespaced', 'kind', 'verbs'],
    properties: {
      categories: {
        description: "categories is a list of the grouped resources this resource belongs to (e.g. 'all')",
        type: 'array',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'atomic',
      },
      group: {
        description:
          'group is the preferred group of the resource.  Empty implies the group of the containing resource list. For subresources, this may have a different value, for example: Scale".',
        type: 'string',
      },
      kind: {
        description: "kind is the kind for the resource (e.g. 'Foo' is the kind for a resource 'foo')",
        type: 'string',
        default: '',
      },
      name: { description: 'name is the plural name of the resource.', type: 'string', default: '' },
      namespaced: {
        description: 'namespaced indicates if a resource is namespaced or not.',
        type: 'boolean',
        default: false,
      },
      shortNames: {
        description: 'shortNames is a list of suggested short names of the resource.',
        type: 'array',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'atomic',
      },
      singularName: {
        description:
          'singularName is the singular name of the resource.  This allows clients to handle plural and singular opaquely. The singularName is more correct for reporting status on a single item and both singular and plural are allowed from the kubectl CLI interface.',
        type: 'string',
        default: '',
      },
      storageVersionHash: {
        description:
          'The hash value of the storage version, the version this resource is converted to when written to the data store. Value must be treated as opaque by clients. Only equality comparison on the value is valid. This is an alpha feature and may change or be removed in the future. The field is populated by the apiserver only if the StorageVersionHash feature gate is enabled. This field will remain optional even if it graduates.',
        type: 'string',
      },
      verbs: {
        description:
          'verbs is a list of supported kube verbs (this includes get, list, watch, create, update, patch, delete, deletecollection, and proxy)',
        type: 'array',
        items: { type: 'string', default: '' },
      },
      version: {
        description:
          'version is the preferred version of the resource.  Empty implies the version of the containing resource list For subresources, this may have a different value, for example: v1 (while inside a v1beta1 version of the core resource\'s group)".',
        type: 'string',
      },
    },
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList': {
    description:
      'APIResourceList is a list of APIResource, it is used to expose the name of the resources supported in a specific group and version, and if the resource is namespaced.',
    type: 'object',
    required: ['groupVersion', 'resources'],
    properties: {
      ...TYPE_META,
      groupVersion: {
        description: 'groupVersion is the group and version this APIResourceList is for.',
        type: 'string',
        default: '',
      },
      resources: {
        description: 'resources contains the name of the resources and if they are namespaced.',
        type: 'array',
        items: { default: {}, $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.APIResource' },
        'x-kubernetes-list-type': 'atomic',
      },
    },
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery': {
    description:
      'GroupVersion contains the "group/version" and "version" string of a version. It is made a struct to keep extensibility.',
    type: 'object',
    required: ['groupVersion', 'version'],
    properties: {
      groupVersion: {
        description: 'groupVersion specifies the API group and version in the form "group/version"',
        type: 'string',
      },
      version: {
        description:
          'version specifies the version in the form of "version". This is to save the clients the trouble of splitting the GroupVersion.',
        type: 'string',
      },
    },
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR': {
    description:
      'ServerAddressByClientCIDR helps the client to determine the server address that they should use, depending on the clientCIDR that they match.',
    type: 'object',
    required: ['clientCIDR', 'serverAddress'],
    properties: {
      clientCIDR: {
        description:
          'The CIDR with which clients can match their IP to figure out the server address that they should use.',
        type: 'string',
      },
      serverAddress: {
        description:
          'Address of this server, suitable for a client that matches the above CIDR. This can be a hostname, hostname:port, IP or IP:port.',
        type: 'string',
      },
    },
  },
  'io.k8s.apimachinery.pkg.version.Info': {
    description: "Info contains versioning information. how we'll want to distribute that information.",
    type: 'object',
    required: [
      'major',
      'minor',
      'gitVersion',
      'gitCommit',
      'gitTreeState',
      'buildDate',
      'goVersion',
      'compiler',
      'platform',
    ],
    properties: {
      buildDate: { type: 'string' },
      compiler: { type: 'string' },
      gitCommit: { type: 'string' },
      gitTreeState: { type: 'string' },
      gitVersion: { type: 'string' },
      goVersion: { type: 'string' },
      major: { type: 'string' },
      minor: { type: 'string' },
      platform: { type: 'string' },
    },
  },
};
