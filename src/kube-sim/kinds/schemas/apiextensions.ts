// CustomResourceDefinition (recording 001).
import type { Definitions } from './definition.ts';
import { TYPE_META } from './type-meta.ts';

/** Definitions of CustomResourceDefinition and what it consists of. */
export const APIEXTENSIONS: Definitions = {
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition': {
    description:
      'CustomResourceDefinition represents a resource that should be exposed on the API server.  Its name MUST be in the format <.spec.name>.<.spec.group>.',
    type: 'object',
    required: ['spec'],
    properties: {
      ...TYPE_META,
      metadata: {
        description:
          "Standard object's metadata More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
        default: {},
        $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
      },
      spec: {
        description: 'spec describes how the user wants the resources to appear',
        default: {},
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec',
      },
      status: {
        description: 'status indicates the actual state of the CustomResourceDefinition',
        default: {},
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionList': {
    description: 'CustomResourceDefinitionList is a list of CustomResourceDefinition objects.',
    type: 'object',
    required: ['items'],
    properties: {
      ...TYPE_META,
      items: {
        description: 'items list individual CustomResourceDefinition objects',
        type: 'array',
        items: {
          default: {},
          $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
        },
      },
      metadata: {
        description:
          "Standard object's metadata More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
        default: {},
        $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec': {
    description: 'CustomResourceDefinitionSpec describes how a user wants their resource to appear',
    type: 'object',
    required: ['group', 'names', 'scope', 'versions'],
    properties: {
      conversion: {
        description: 'conversion defines conversion settings for the CRD.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceConversion',
      },
      group: {
        description:
          'group is the API group of the defined custom resource. The custom resources are served under `/apis/<group>/...`. Must match the name of the CustomResourceDefinition (in the form `<names.plural>.<group>`).',
        type: 'string',
        default: '',
      },
      names: {
        description: 'names specify the resource and kind names for the custom resource.',
        default: {},
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames',
      },
      preserveUnknownFields: {
        description:
          'preserveUnknownFields indicates that object fields which are not specified in the OpenAPI schema should be preserved when persisting to storage. apiVersion, kind, metadata and known fields inside metadata are always preserved. This field is deprecated in favor of setting `x-preserve-unknown-fields` to true in `spec.versions[*].schema.openAPIV3Schema`. See https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning for details.',
        type: 'boolean',
      },
      scope: {
        description:
          'scope indicates whether the defined custom resource is cluster- or namespace-scoped. Allowed values are `Cluster` and `Namespaced`.',
        type: 'string',
        default: '',
      },
      versions: {
        description:
          'versions is the list of all API versions of the defined custom resource. Version names are used to compute the order in which served versions are listed in API discovery. If the version string is "kube-like", it will sort above non "kube-like" version strings, which are ordered lexicographically. "Kube-like" versions start with a "v", then are followed by a number (the major version), then optionally the string "alpha" or "beta" and another number (the minor version). These are sorted first by GA > beta > alpha (where GA is a version with no suffix such as beta or alpha), and then by comparing major version, then minor version. An example sorted list of versions: v10, v2, v1, v11beta2, v10beta3, v3beta1, v12alpha1, v11alpha2, foo1, foo10.',
        type: 'array',
        items: {
          default: {},
          $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion',
        },
        'x-kubernetes-list-type': 'atomic',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames': {
    description: 'CustomResourceDefinitionNames indicates the names to serve this CustomResourceDefinition',
    type: 'object',
    required: ['plural', 'kind'],
    properties: {
      categories: {
        description:
          "categories is a list of grouped resources this custom resource belongs to (e.g. 'all'). This is published in API discovery documents, and used by clients to support invocations like `kubectl get all`.",
        type: 'array',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'atomic',
      },
      kind: {
        description:
          'kind is the serialized kind of the resource. It is normally CamelCase and singular. Custom resource instances will use this value as the `kind` attribute in API calls.',
        type: 'string',
        default: '',
      },
      listKind: {
        description: 'listKind is the serialized kind of the list for this resource. Defaults to "`kind`List".',
        type: 'string',
      },
      plural: {
        description:
          'plural is the plural name of the resource to serve. The custom resources are served under `/apis/<group>/<version>/.../<plural>`. Must match the name of the CustomResourceDefinition (in the form `<names.plural>.<group>`). Must be all lowercase.',
        type: 'string',
        default: '',
      },
      shortNames: {
        description:
          'shortNames are short names for the resource, exposed in API discovery documents, and used by clients to support invocations like `kubectl get <shortname>`. It must be all lowercase.',
        type: 'array',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'atomic',
      },
      singular: {
        description:
          'singular is the singular name of the resource. It must be all lowercase. Defaults to lowercased `kind`.',
        type: 'string',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion': {
    description: 'CustomResourceDefinitionVersion describes a version for CRD.',
    type: 'object',
    required: ['name', 'served', 'storage'],
    properties: {
      additionalPrinterColumns: {
        description:
          'additionalPrinterColumns specifies additional columns returned in Table output. See https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables for details. If no columns are specified, a single column displaying the age of the custom resource is used.',
        type: 'array',
        items: {
          default: {},
          $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceColumnDefinition',
        },
        'x-kubernetes-list-type': 'atomic',
      },
      deprecated: {
        description:
          'deprecated indicates this version of the custom resource API is deprecated. When set to true, API requests to this version receive a warning header in the server response. Defaults to false.',
        type: 'boolean',
      },
      deprecationWarning: {
        description:
          'deprecationWarning overrides the default warning returned to API clients. May only be set when `deprecated` is true. The default warning indicates this version is deprecated and recommends use of the newest served version of equal or greater stability, if one exists.',
        type: 'string',
      },
      name: {
        description:
          'name is the version name, e.g. “v1”, “v2beta1”, etc. The custom resources are served under this version at `/apis/<group>/<version>/...` if `served` is true.',
        type: 'string',
        default: '',
      },
      schema: {
        description:
          'schema describes the schema used for validation, pruning, and defaulting of this version of the custom resource.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceValidation',
      },
      selectableFields: {
        description:
          'selectableFields specifies paths to fields that may be used as field selectors. A maximum of 8 selectable fields are allowed. See https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors',
        type: 'array',
        items: { default: {}, $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.SelectableField' },
        'x-kubernetes-list-type': 'atomic',
      },
      served: {
        description: 'served is a flag enabling/disabling this version from being served via REST APIs',
        type: 'boolean',
        default: false,
      },
      storage: {
        description:
          'storage indicates this version should be used when persisting custom resources to storage. There must be exactly one version with storage=true.',
        type: 'boolean',
        default: false,
      },
      subresources: {
        description: 'subresources specify what subresources this version of the defined custom resource have.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus': {
    description: 'CustomResourceDefinitionStatus indicates the state of the CustomResourceDefinition',
    type: 'object',
    properties: {
      acceptedNames: {
        description:
          'acceptedNames are the names that are actually being used to serve discovery. They may be different than the names in spec.',
        default: {},
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames',
      },
      conditions: {
        description: 'conditions indicate state for particular aspects of a CustomResourceDefinition',
        type: 'array',
        items: {
          default: {},
          $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionCondition',
        },
        'x-kubernetes-list-map-keys': ['type'],
        'x-kubernetes-list-type': 'map',
      },
      storedVersions: {
        description:
          'storedVersions lists all versions of CustomResources that were ever persisted. Tracking these versions allows a migration path for stored versions in etcd. The field is mutable so a migration controller can finish a migration to another version (ensuring no old objects are left in storage), and then remove the rest of the versions from this list. Versions may not be removed from `spec.versions` while they exist in this list.',
        type: 'array',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'atomic',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionCondition': {
    description: 'CustomResourceDefinitionCondition contains details for the current condition of this pod.',
    type: 'object',
    required: ['type', 'status'],
    properties: {
      lastTransitionTime: {
        description: 'lastTransitionTime last time the condition transitioned from one status to another.',
        $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
      },
      message: {
        description: 'message is a human-readable message indicating details about last transition.',
        type: 'string',
      },
      reason: {
        description: "reason is a unique, one-word, CamelCase reason for the condition's last transition.",
        type: 'string',
      },
      status: {
        description: 'status is the status of the condition. Can be True, False, Unknown.',
        type: 'string',
        default: '',
      },
      type: {
        description: 'type is the type of the condition. Types include Established, NamesAccepted and Terminating.',
        type: 'string',
        default: '',
      },
    },
  },
};
