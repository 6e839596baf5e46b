import type { Manifest } from '#crd/manifests';
import type { KubeObject } from '#kube/object';

/** An object of ours as its readers take it. */
export function manifestOf({ apiVersion, kind, metadata, spec }: KubeObject): Manifest {
  return { apiVersion, kind, metadata, spec };
}
