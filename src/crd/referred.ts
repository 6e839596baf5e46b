// The objects that a VirtualMachine refers to, as far as somebody has them.
import { invalidSpec } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import { GROUP, type Manifest } from './manifests.ts';
import { namespaceOf } from './refer.ts';

/** Throws `invalid-spec` naming `field` where the object is not among these. */
export type Find = (kind: string, ref: ObjectRef, field: string) => Manifest;

export function findAmong(manifests: readonly Manifest[]): Find {
  return (kind, ref, field) => {
    const found = manifests.find((manifest) => isKind(manifest, kind) && isNamed(manifest, ref));
    if (found !== undefined) return found;
    const why = `there is no ${kind} "${ref.name}" in namespace "${ref.namespace}"`;
    throw invalidSpec(field, why, 'Put it into the same file');
  };
}

function isKind(manifest: Manifest, kind: string): boolean {
  if (manifest.kind !== kind) return false;
  return kind === 'Secret' ? manifest.apiVersion === 'v1' : manifest.apiVersion.startsWith(`${GROUP}/`);
}

function isNamed(manifest: Manifest, { name, namespace }: ObjectRef): boolean {
  return manifest.metadata.name === name && namespaceOf(manifest) === namespace;
}
