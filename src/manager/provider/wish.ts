import { normaliseProvider } from '#crd/provider/normalise';
import type { ObjectRef } from '#domain/object-ref';
import type { ProviderWish } from '#domain/provider-wish';
import type { KubeObject } from '#kube/object';
import { manifestOf } from '../work/manifest-of.ts';

/** Throws `invalid-spec` naming object, field and remedy. */
export function wishOf(provider: KubeObject): ProviderWish {
  return normaliseProvider(manifestOf(provider));
}

export function refOf({ metadata: { name, namespace = 'default' } }: KubeObject): ObjectRef {
  return { name, namespace };
}

/** A provider that runs somewhere already, by its address; undefined where the endpoint is that of PVE. */
export function runsElsewhere({ endpoint }: ProviderWish): string | undefined {
  return /^(?:grpc|tcp):\/\/([^/]+)/.exec(endpoint)?.[1];
}
