// From manifests to what the rest of the program knows: one VmSpec, whichever shape the manifests had. This is the one
// path from a VirtualMachine to a request, for the manager and for everybody else who sends one.
import { invalidSpec } from '#domain/fault';
import type { LabelSelector } from '#domain/label-selector';
import type { Owner } from '#domain/owner';
import { withPolicy } from '#domain/placement-policy';
import type { PowerState } from '#domain/power';
import type { NicWish, VirtualMachine } from '#domain/virtual-machine';
import type { ImageSource, NicSpec, PlacementSpec, VmSize, VmSpec } from '#domain/vm-spec';
import { metaDataBytes, sshKeyLines, userDataBytes } from './guest-documents.ts';
import { type Manifest, manifestTitle } from './manifests.ts';
import { type Find, findAmong } from './referred.ts';
import { normaliseVirtualMachine } from './virtual-machine/normalise.ts';
import { normaliseClass } from './vm-class/normalise.ts';
import { imageThatIsThere } from './vm-image/normalise.ts';
import { normaliseNetworkAttachment, onNetwork } from './vm-network-attachment/normalise.ts';
import { normalisePlacementPolicy } from './vm-placement-policy/normalise.ts';

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

export interface NormalisedVm {
  readonly spec: VmSpec;
  /** `On` where the manifest does not say. */
  readonly powerState: PowerState;
  readonly owner: Owner;
  /** VMs it never shares a node with: those that any of these means. */
  readonly avoid: readonly LabelSelector[];
}

/** What a VM that is there is to become; what it was made of is history. `undefined` leaves it as it is. */
export interface NormalisedChange {
  readonly name: string;
  /** Undefined where no class is named. */
  readonly size: VmSize | undefined;
  readonly networks: readonly NicSpec[] | undefined;
  readonly disks: VmSpec['disks'];
  readonly tags: readonly string[];
  readonly userData: Uint8Array | undefined;
  readonly metaData: Uint8Array | undefined;
}

/**
 * Throws `invalid-spec` naming object, field and remedy; `unsupported` for what the manifests may say and this version
 * cannot do yet.
 */
export function normaliseVm({ vm, vmClass, image, prepared, referred }: VmBundle): NormalisedVm {
  const own = normaliseVirtualMachine(vm);
  const { placement, avoid } = placementOf(own, findAmong(referred), manifestTitle(vm));
  return {
    spec: {
      ...changeOf(own, vm, referred),
      image: imageSource(own, image, prepared, manifestTitle(vm)),
      size: sizeOf(own, vmClass),
      placement,
    },
    powerState: own.powerState,
    owner: own.owner,
    avoid,
  };
}

/** The same for a VM that is there. Throws as `normaliseVm`. */
export function normaliseChange({ vm, vmClass, referred }: ChangeBundle): NormalisedChange {
  const own = normaliseVirtualMachine(vm);
  return { ...changeOf(own, vm, referred), size: vmClass === undefined ? undefined : sizeOf(own, vmClass) };
}

type ChangeBundle = Pick<VmBundle, 'vm' | 'referred'> & { readonly vmClass: Manifest | undefined };

function changeOf(own: VirtualMachine, vm: Manifest, referred: readonly Manifest[]): Omit<NormalisedChange, 'size'> {
  const title = manifestTitle(vm);
  const find = findAmong(referred);
  const keys = sshKeyLines(own.sshKeys, find, `${title}: spec.userData.sshKeys`);
  return {
    name: own.name,
    networks: own.networks?.map((wish, index) => nic(wish, find, `${title}: spec.networks[${index}]`)),
    disks: own.disks,
    tags: own.tags,
    userData: userDataBytes(own.userData, find, `${title}: spec.userData.cloudInit`),
    metaData: metaDataBytes(own.metaData, keys, find, `${title}: spec.metaData.cloudInit`),
  };
}

function imageSource(
  { image }: VirtualMachine,
  vmImage: Manifest | undefined,
  prepared: string | undefined,
  title: string,
): ImageSource {
  if (vmImage !== undefined) return imageThatIsThere(vmImage, prepared);
  if (image !== undefined && 'volume' in image) {
    return { kind: 'disk', volume: image.volume, node: undefined, storage: undefined };
  }
  throw invalidSpec(`${title}: spec.imageRef`, 'neither imageRef nor importedDisk is set', 'Set one of them');
}

/** `resources` of a VM stand above its class. */
function sizeOf({ cpus, memoryMib }: VirtualMachine, vmClass: Manifest): VmSize {
  const size = normaliseClass(vmClass);
  return { ...size, cpus: cpus ?? size.cpus, memoryMib: memoryMib ?? size.memoryMib };
}

function nic({ nic: own, attachment }: NicWish, find: Find, path: string): NicSpec {
  if (attachment === undefined) return own;
  return onNetwork(own, normaliseNetworkAttachment(find('VMNetworkAttachment', attachment, `${path}.networkRef`)));
}

function placementOf(
  { placement, policy }: VirtualMachine,
  find: Find,
  title: string,
): { placement: PlacementSpec; avoid: readonly LabelSelector[] } {
  if (policy === undefined) return { placement, avoid: [] };
  const said = normalisePlacementPolicy(find('VMPlacementPolicy', policy, `${title}: spec.placementRef`));
  return { placement: withPolicy(placement, said), avoid: said.avoid };
}
