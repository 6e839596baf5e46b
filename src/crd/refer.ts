import type { ObjectRef } from '#domain/object-ref';
import { DEFAULT_NAMESPACE, type Manifest } from './manifests.ts';

export function namespaceOf(manifest: Manifest): string {
  return manifest.metadata.namespace ?? DEFAULT_NAMESPACE;
}

interface Reference {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The object that `reference` means where `from` says it; undefined where nothing is said. */
export function refer<Said extends Reference | undefined>(
  reference: Said,
  from: Manifest,
): ObjectRef | (Said extends undefined ? undefined : never) {
  if (reference === undefined) return undefined as Said extends undefined ? undefined : never;
  return { name: reference.name, namespace: reference.namespace ?? namespaceOf(from) };
}
