import { invalidSpec } from '#domain/fault';
import { nearest } from '#domain/nearest';
import { GROUP, type Manifest, manifestTitle } from './manifests.ts';
import { namespaceOf } from './refer.ts';
import { referencesOf } from './references.ts';
import { findAmong, isKind } from './referred.ts';
import { normaliseVirtualMachine } from './virtual-machine/normalise.ts';

/** A VirtualMachine with the objects it refers to. */
export interface VmBundle {
  readonly vm: Manifest;
  readonly vmClass: Manifest;
  /** Absent where the VM is made from an imported disk. */
  readonly image: Manifest | undefined;
  /** What Create takes for an image that has been fetched: the id of its template. */
  readonly prepared?: string | undefined;
  /** Networks, Secrets and the policy it refers to. */
  readonly referred: readonly Manifest[];
}

export interface Bundles {
  readonly vms: readonly VmBundle[];
  /** Objects of other kinds, and those no VirtualMachine refers to. */
  readonly unused: readonly Manifest[];
}

/**
 * Finds the class and the image of every VirtualMachine among the same manifests.
 * Throws `invalid-spec` naming the VirtualMachine and what it misses, or an object that is there twice.
 */
export function bundleManifests(manifests: readonly Manifest[]): Bundles {
  refuseTwins(manifests);
  refuseUnknownKinds(manifests);
  const vms = manifests.filter((manifest) => isKind(manifest, 'VirtualMachine')).map((vm) => bundleVm(vm, manifests));
  const used = new Set(vms.flatMap(({ vm, vmClass, image, referred }) => [vm, vmClass, image, ...referred]));
  return { vms, unused: manifests.filter((manifest) => !used.has(manifest)) };
}

function bundleVm(vm: Manifest, manifests: readonly Manifest[]): VmBundle {
  const own = normaliseVirtualMachine(vm);
  const path = `${manifestTitle(vm)}: spec`;
  const find = findAmong(manifests);
  if (own.vmClass === undefined) throw invalidSpec(`${path}.classRef`, 'it names no VMClass', 'Set classRef.name');
  const vmClass = find('VMClass', own.vmClass, `${path}.classRef`);
  const image =
    own.image !== undefined && 'vmImage' in own.image
      ? find('VMImage', own.image.vmImage, `${path}.imageRef`)
      : undefined;
  return {
    vm,
    vmClass,
    image,
    referred: referencesOf(own).map(({ kind, ref, field }) => find(kind, ref, `${path}.${field}`)),
  };
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
