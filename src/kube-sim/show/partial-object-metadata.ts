import type { JsonObject, KubeObject } from '../object.ts';

/** Versions of meta.k8s.io in which tables and partial objects can be asked for. */
export type MetaVersion = 'v1' | 'v1beta1';

/** An object without anything but its metadata. */
export function partialObjectMetadata({ metadata }: KubeObject, version: MetaVersion): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}

/** What a list has beside its items. */
export interface ListMeta {
  readonly resourceVersion: string;
  /** Empty or absent: this is the end of the list. */
  readonly continue?: string | undefined;
  readonly remainingItemCount?: number | undefined;
}

/** As JSON has it: what is empty is left out. */
export function listMeta({ resourceVersion, continue: token, remainingItemCount }: ListMeta): JsonObject {
  return {
    resourceVersion,
    ...(token !== undefined && token !== '' && { continue: token }),
    ...(remainingItemCount !== undefined && { remainingItemCount }),
  };
}

/** A list without anything but the metadata of each object. */
export function partialObjectMetadataList(
  objects: readonly KubeObject[],
  metadata: ListMeta,
  version: MetaVersion,
): JsonObject {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: listMeta(metadata),
    items: objects.map((object) => partialObjectMetadata(object, version)),
  };
}
