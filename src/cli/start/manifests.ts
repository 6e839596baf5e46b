// The objects of a file as an API gets them: all of them are looked at before the first one is written.
import { DEFAULT_NAMESPACE, type Manifest, manifestTitle, parseObjects } from '#crd/manifests';
import { normaliseObject } from '#crd/normalise-object';
import {
  PROVIDERS,
  VIRTUAL_MACHINES,
  VM_CLASSES,
  VM_CLONES,
  VM_IMAGES,
  VM_NETWORK_ATTACHMENTS,
  VM_PLACEMENT_POLICIES,
  VM_SNAPSHOTS,
} from '#crd/resources';
import { invalidSpec } from '#domain/fault';
import { nearest } from '#domain/nearest';
import type { NewObject } from '#kube/api';
import { apiVersionOf, CONFIG_MAPS, NAMESPACES, type Resource, SECRETS } from '#kube/resource';

export interface Wanted {
  /** `VirtualMachine web-server`, for messages. */
  readonly title: string;
  readonly resource: Resource;
  /** With its namespace, where its kind is in one. */
  readonly object: WantedObject;
}

export type WantedObject = NewObject & { readonly metadata: { readonly name: string; readonly namespace?: string } };

/** Those of ours, in the order in which they refer to each other. */
export const OUR_KINDS: readonly Resource[] = [
  PROVIDERS,
  VM_CLASSES,
  VM_IMAGES,
  VM_NETWORK_ATTACHMENTS,
  VM_PLACEMENT_POLICIES,
  VIRTUAL_MACHINES,
  VM_SNAPSHOTS,
  VM_CLONES,
];

const KINDS: readonly Resource[] = [NAMESPACES, SECRETS, CONFIG_MAPS, ...OUR_KINDS];

/** Throws the Fault of the first object that is wrong, naming document, field and remedy. */
export function readManifests(text: string): Wanted[] {
  const objects = parseObjects(text);
  refuseTwins(objects.map(({ manifest }) => manifest));
  return objects.map(({ manifest, json }) => {
    const resource = resourceOf(manifest);
    normaliseObject(manifest);
    return { title: manifestTitle(manifest), resource, object: inNamespace(json as WantedObject, resource) };
  });
}

/** What others refer to comes first. */
export function inOrder(wanted: readonly Wanted[]): Wanted[] {
  return wanted.toSorted((one, other) => KINDS.indexOf(one.resource) - KINDS.indexOf(other.resource));
}

function resourceOf(manifest: Manifest): Resource {
  const { apiVersion, kind } = manifest;
  const found = KINDS.find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
  if (found !== undefined) return found;
  const known = KINDS.map((resource) => resource.kind);
  const close = nearest(kind, known);
  const remedy = close === undefined || close === kind ? `There are ${known.join(', ')}` : `Did you mean ${close}`;
  throw invalidSpec(manifestTitle(manifest), `there is no kind ${kind} of ${apiVersion} here`, remedy);
}

function refuseTwins(manifests: readonly Manifest[]): void {
  const seen = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const { namespace, name } = manifest.metadata;
    const key = JSON.stringify([manifest.kind, namespace ?? DEFAULT_NAMESPACE, name]);
    const twin = seen.get(key);
    if (twin !== undefined) {
      throw invalidSpec(manifestTitle(manifest), `it is there twice, also as ${manifestTitle(twin)}`, 'Remove one');
    }
    seen.set(key, manifest);
  }
}

function inNamespace(object: WantedObject, { namespaced = true }: Resource): WantedObject {
  return namespaced ? { ...object, metadata: { ...object.metadata, namespace: namespaceOf(object) } } : object;
}

export function namespaceOf({ metadata }: WantedObject): string {
  return metadata.namespace ?? DEFAULT_NAMESPACE;
}
