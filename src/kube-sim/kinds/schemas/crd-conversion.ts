// Conversion between the versions of a CustomResourceDefinition (recording 001).
import type { Definitions } from './definition.ts';

/** Definitions of how a CRD converts between its versions: kept, and not done. */
export const CRD_CONVERSION: Definitions = {
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceConversion': {
    description: 'CustomResourceConversion describes how to convert different versions of a CR.',
    type: 'object',
    required: ['strategy'],
    properties: {
      strategy: {
        description:
          'strategy specifies how custom resources are converted between versions. Allowed values are: - `"None"`: The converter only change the apiVersion and would not touch any other field in the custom resource. - `"Webhook"`: API Server will call to an external webhook to do the conversion. Additional information\n  is needed for this option. This requires spec.preserveUnknownFields to be false, and spec.conversion.webhook to be set.',
        type: 'string',
        default: '',
      },
      webhook: {
        description:
          'webhook describes how to call the conversion webhook. Required when `strategy` is set to `"Webhook"`.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookConversion',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookConversion': {
    description: 'WebhookConversion describes how to call a conversion webhook',
    type: 'object',
    required: ['conversionReviewVersions'],
    properties: {
      clientConfig: {
        description: 'clientConfig is the instructions for how to call the webhook if strategy is `Webhook`.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookClientConfig',
      },
      conversionReviewVersions: {
        description:
          'conversionReviewVersions is an ordered list of preferred `ConversionReview` versions the Webhook expects. The API server will use the first version in the list which it supports. If none of the versions specified in this list are supported by API server, conversion will fail for the custom resource. If a persisted Webhook configuration specifies allowed versions and does not include any versions known to the API Server, calls to the webhook will fail.',
        type: 'array',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'atomic',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookClientConfig': {
    description: 'WebhookClientConfig contains the information to make a TLS connection with the webhook.',
    type: 'object',
    properties: {
      caBundle: {
        description:
          "caBundle is a PEM encoded CA bundle which will be used to validate the webhook's server certificate. If unspecified, system trust roots on the apiserver are used.",
        type: 'string',
        format: 'byte',
      },
      service: {
        description:
          'service is a reference to the service for this webhook. Either service or url must be specified.\n\nIf the webhook is running within the cluster, then you should use `service`.',
        $ref: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference',
      },
      url: {
        description:
          'url gives the location of the webhook, in standard URL form (`scheme://host:port/path`). Exactly one of `url` or `service` must be specified.\n\nThe `host` should not refer to a service running in the cluster; use the `service` field instead. The host might be resolved via external DNS in some apiservers (e.g., `kube-apiserver` cannot resolve in-cluster DNS as that would be a layering violation). `host` may also be an IP address.\n\nPlease note that using `localhost` or `127.0.0.1` as a `host` is risky unless you take great care to run this webhook on all hosts which run an apiserver which might need to make calls to this webhook. Such installs are likely to be non-portable, i.e., not easy to turn up in a new cluster.\n\nThe scheme must be "https"; the URL must begin with "https://".\n\nA path is optional, and if present may be any string permissible in a URL. You may use the path to pass an arbitrary string to the webhook, for example, a cluster identifier.\n\nAttempting to use a user or basic auth e.g. "user:password@" is not allowed. Fragments ("#...") and query parameters ("?...") are not allowed, either.',
        type: 'string',
      },
    },
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference': {
    description: 'ServiceReference holds a reference to Service.legacy.k8s.io',
    type: 'object',
    required: ['namespace', 'name'],
    properties: {
      name: { description: 'name is the name of the service. Required', type: 'string', default: '' },
      namespace: { description: 'namespace is the namespace of the service. Required', type: 'string', default: '' },
      path: { description: 'path is an optional URL path at which the webhook will be contacted.', type: 'string' },
      port: {
        description:
          'port is an optional service port at which the webhook will be contacted. `port` should be a valid port number (1-65535, inclusive). Defaults to 443 for backward compatibility.',
        type: 'integer',
        format: 'int32',
      },
    },
  },
};
