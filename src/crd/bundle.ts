import { invalidSpec } from '#domain/fault';
import { nearest } from '#domain/nearest';
import { GROUP, type Manifest, manifestTitle } from './manifests.ts';
import { readSpec } from './read-spec.ts';
import { type VirtualMachineSpec, virtualMachineSpec } from './virtual-machine.ts';

/** A VirtualMachine with the objects it refers to. */
export interface VmBundle {
  readonly vm: Manifest;
  readonly vmClass: Manifest;
  /** Absent where the VM is made from an imported disk. */
  readonly image: Manifest | undefined;
}

export interface Bundles {
  readonly vms: readonly VmBundle[];
  /** Objects of other kinds, and those no VirtualMachine refers to. */
  readonly unused: readonly Manifest[];
}

/** Namespace of objects and references that name none, as kubectl has it. */
export const DEFAULT_NAMESPACE = 'default';

/**
 * Finds the class and the image of every VirtualMachine among the same manifests.
 * Throws `invalid-spec` naming the VirtualMachine and what it misses, or an object that is there twice.
 */
export function bundleManifests(manifests: readonly Manifest[]): Bundles {
  refuseTwins(manifests);
  refuseUnknownKinds(manifests);
  const vms = manifests.filter((manifest) => isKind(manifest, 'VirtualMachine')).map((vm) => bundleVm(vm, manifests));
  const used = new Set(vms.flatMap(({ vm, vmClass, image }) => [vm, vmClass, image]));
  return { vms, unused: manifests.filter((manifest) => !used.has(manifest)) };
}

function bundleVm(vm: Manifest, manifests: readonly Manifest[]): VmBundle {
  const { classRef, imageRef } = readSpec(virtualMachineSpec, vm);
  const namespace = namespaceOf(vm);
  const resolve = (kind: string, field: string, ref: VirtualMachineSpec['classRef']): Manifest | undefined => {
    if (ref === undefined) return undefined;
    const wanted = { kind, name: ref.name, namespace: ref.namespace ?? namespace };
    const found = manifests.find((manifest) => isObject(manifest, wanted));
    if (found !== undefined) return found;
    const why = `there is no ${kind} "${wanted.name}" in namespace "${wanted.namespace}"`;
    throw invalidSpec(`${manifestTitle(vm)}: spec.${field}`, why, 'Put it into the same file');
  };
  const vmClass = resolve('VMClass', 'classRef', classRef);
  if (vmClass === undefined) {
    throw invalidSpec(`${manifestTitle(vm)}: spec.classRef`, 'it names no VMClass', 'Set classRef.name');
  }
  return { vm, vmClass, image: resolve('VMImage', 'imageRef', imageRef) };
}

interface ObjectName {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

function isObject(manifest: Manifest, wanted: ObjectName): boolean {
  const { kind, name, namespace } = wanted;
  return isKind(manifest, kind) && manifest.metadata.name === name && namespaceOf(manifest) === namespace;
}

function isKind(manifest: Manifest, kind: string): boolean {
  return manifest.kind === kind && manifest.apiVersion.startsWith(`${GROUP}/`);
}

/** Of our API group; what belongs to others is not ours to judge. */
const KINDS: readonly string[] = [
  'Provider',
  'VirtualMachine',
  'VMClass',
  'VMClone',
  'VMImage',
  'VMMigration',
  'VMNetworkAttachment',
  'VMPlacementPolicy',
  'VMSet',
  'VMSnapshot',
];

function refuseUnknownKinds(manifests: readonly Manifest[]): void {
  const strange = manifests.find(({ apiVersion, kind }) => apiVersion.startsWith(`${GROUP}/`) && !KINDS.includes(kind));
  if (strange === undefined) return;
  const close = nearest(strange.kind, KINDS);
  const remedy = close === undefined ? `Use one of ${KINDS.join(', ')}` : `Did you mean ${close}`;
  throw invalidSpec(manifestTitle(strange), `there is no kind "${strange.kind}" in ${GROUP}`, remedy);
}

function refuseTwins(manifests: readonly Manifest[]): void {
  const seen = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const key = JSON.stringify([manifest.apiVersion, manifest.kind, namespaceOf(manifest), manifest.metadata.name]);
    const twin = seen.get(key);
    if (twin !== undefined) {
      throw invalidSpec(manifestTitle(manifest), `it is there twice, also as ${manifestTitle(twin)}`, 'Remove one');
    }
    seen.set(key, manifest);
  }
}

function namespaceOf(manifest: Manifest): string {
  return manifest.metadata.namespace ?? DEFAULT_NAMESPACE;
}
