// The groups a Kubernetes server knows DeleteOptions and watch events in, whether it serves them or not (recording 001).
import type { JsonObject } from '../object.ts';

const VERSIONS: readonly (readonly [group: string, ...versions: readonly string[]])[] = [
  ['', 'v1'],
  ['admissionregistration.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['apiextensions.k8s.io', 'v1', 'v1beta1'],
  ['apps', 'v1', 'v1beta1', 'v1beta2'],
  ['authentication.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['authorization.k8s.io', 'v1', 'v1beta1'],
  ['autoscaling', 'v1', 'v2', 'v2beta1', 'v2beta2'],
  ['batch', 'v1', 'v1beta1'],
  ['certificates.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['coordination.k8s.io', 'v1', 'v1alpha2', 'v1beta1'],
  ['discovery.k8s.io', 'v1', 'v1beta1'],
  ['events.k8s.io', 'v1', 'v1beta1'],
  ['extensions', 'v1beta1'],
  ['flowcontrol.apiserver.k8s.io', 'v1', 'v1beta1', 'v1beta2', 'v1beta3'],
  ['internal.apiserver.k8s.io', 'v1alpha1'],
  ['networking.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['node.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['policy', 'v1', 'v1beta1'],
  ['rbac.authorization.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['resource.k8s.io', 'v1alpha3', 'v1beta1'],
  ['scheduling.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['storage.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['storagemigration.k8s.io', 'v1alpha1'],
];

/** `x-kubernetes-group-version-kind` of such a kind. The documents made from CRDs leave their own group out (recording 011). */
export function inEveryGroup(kind: string, withCrds: boolean): readonly JsonObject[] {
  return VERSIONS.filter(([group]) => withCrds || group !== 'apiextensions.k8s.io').flatMap(([group, ...versions]) =>
    versions.map((version) => ({ group, kind, version })),
  );
}
