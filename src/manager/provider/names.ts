import type { ObjectRef } from '#domain/object-ref';

/** Of Deployment and Service. */
export function runName({ namespace, name }: ObjectRef): string {
  return `virtrigaud-provider-${namespace}-${name}`;
}

/** The name that the Service has in the cluster, and its certificate carries. */
export function serviceHost(provider: ObjectRef): string {
  return `${runName(provider)}.${provider.namespace}.svc.cluster.local`;
}
