// What a version of a CustomResourceDefinition shows and serves (recording 001).
import type { Definitions } from './definition.ts';

/** Definitions of what a version has beside its schema. */
export const CRD_VERSION: Definitions = {
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceColumnDefinition': {
    description: 'CustomResourceColumnDefinition specifies a column for server side printing.',
    type: 'object',
    required: ['name', 'type', 'jsonPath'],
    properties: {
      description: { description: 'description is a human readable description of this column.', type: 'string' },
      format: {
        description:
          "format is an optional OpenAPI type definition for this column. The 'name' format is applied to the primary identifier column to assist in clients identifying column is the resource name. See https://github.com/OAI/OpenAPI-Specification/blob/master/versions/2.0.md#data-types for details.",
        type: 'string',
      },
      jsonPath: {
        description:
          'jsonPath is a simple JSON path (i.e. with array notation) which is evaluated against each custom resource to produce the value for this column.',
        type: 'string',
        default: '',
      },
      name: { description: 'name is a human readable name for the column.', type: 'string', default: '' },
      priority: {
        description:
          'priority is an integer defining the relative importance of this column compared to others. Lower numbers are considered higher priority. Columns that may be omitted in limited space scenarios should be given a priority greater than 0.',
        type: 'integer',
        format: 'int32',
      },
      type: {
        description:
          'type is an OpenAPI type definition for this column. See https://github.com/OAI/OpenAPI-Specification/blob/master/versions/2.0.md#data-types for details.',
        type: 'string',
        default: '',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources': {
    description: 'CustomResourceSubresources defines the status and scale subresources for CustomResources.',
    type: 'object',
    properties: {
      scale: {
        description:
          'scale indicates the custom resource should serve a `/scale` subresource that returns an `autoscaling/v1` Scale object.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceScale',
      },
      status: {
        description:
          'status indicates the custom resource should serve a `/status` subresource. When enabled: 1. requests to the custom resource primary endpoint ignore changes to the `status` stanza of the object. 2. requests to the custom resource `/status` subresource ignore changes to anything other than the `status` stanza of the object.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceScale': {
    description: 'CustomResourceSubresourceScale defines how to serve the scale subresource for CustomResources.',
    type: 'object',
    required: ['specReplicasPath', 'statusReplicasPath'],
    properties: {
      labelSelectorPath: {
        description:
          'labelSelectorPath defines the JSON path inside of a custom resource that corresponds to Scale `status.selector`. Only JSON paths without the array notation are allowed. Must be a JSON Path under `.status` or `.spec`. Must be set to work with HorizontalPodAutoscaler. The field pointed by this JSON path must be a string field (not a complex selector struct) which contains a serialized label selector in string form. More info: https://kubernetes.io/docs/tasks/access-kubernetes-api/custom-resources/custom-resource-definitions#scale-subresource If there is no value under the given path in the custom resource, the `status.selector` value in the `/scale` subresource will default to the empty string.',
        type: 'string',
      },
      specReplicasPath: {
        description:
          'specReplicasPath defines the JSON path inside of a custom resource that corresponds to Scale `spec.replicas`. Only JSON paths without the array notation are allowed. Must be a JSON Path under `.spec`. If there is no value under the given path in the custom resource, the `/scale` subresource will return an error on GET.',
        type: 'string',
        default: '',
      },
      statusReplicasPath: {
        description:
          'statusReplicasPath defines the JSON path inside of a custom resource that corresponds to Scale `status.replicas`. Only JSON paths without the array notation are allowed. Must be a JSON Path under `.status`. If there is no value under the given path in the custom resource, the `status.replicas` value in the `/scale` subresource will default to 0.',
        type: 'string',
        default: '',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus': {
    description:
      'CustomResourceSubresourceStatus defines how to serve the status subresource for CustomResources. Status is represented by the `.status` JSON path inside of a CustomResource. When set, * exposes a /status subresource for the custom resource * PUT requests to the /status subresource take a custom resource object, and ignore changes to anything except the status stanza * PUT/POST/PATCH requests to the custom resource ignore changes to the status stanza',
    type: 'object',
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.SelectableField': {
    description: 'SelectableField specifies the JSON path of a field that may be used with field selectors.',
    type: 'object',
    required: ['jsonPath'],
    properties: {
      jsonPath: {
        description:
          'jsonPath is a simple JSON path which is evaluated against each custom resource to produce a field selector value. Only JSON paths without the array notation are allowed. Must point to a field of type string, boolean or integer. Types with enum values and strings with formats are allowed. If jsonPath refers to absent field in a resource, the jsonPath evaluates to an empty string. Must not point to metdata fields. Required.',
        type: 'string',
        default: '',
      },
    },
  },
};
