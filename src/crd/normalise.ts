// From manifests to what the rest of the program knows: one VmSpec, whichever shape the manifests had. This is the one
// path from a VirtualMachine to a request, for the manager and for everybody else who sends one.
import { Fault, invalidSpec } from '#domain/fault';
import { checkDisk } from '#domain/image-name';
import { checkVmName, normaliseTags } from '#domain/names';
import type { Owner } from '#domain/owner';
import type { PowerState } from '#domain/power';
import { type ImageSource, NO_PLACEMENT, type PlacementSpec, type VmSize, type VmSpec } from '#domain/vm-spec';
import { DEFAULT_NAMESPACE, type VmBundle } from './bundle.ts';
import { type Manifest, manifestTitle } from './manifests.ts';
import { normaliseClass } from './normalise-class.ts';
import { normaliseDisk } from './normalise-disk.ts';
import { normaliseDocument, normaliseUserData } from './normalise-documents.ts';
import { normaliseImage } from './normalise-image.ts';
import { normaliseNetwork } from './normalise-network.ts';
import { readSpec } from './read-spec.ts';
import { type VirtualMachineSpec, virtualMachineSpec } from './virtual-machine.ts';

export interface NormalisedVm {
  readonly spec: VmSpec;
  /** `On` where the manifest does not say. */
  readonly powerState: PowerState;
  readonly owner: Owner;
}

/**
 * Throws `invalid-spec` naming object, field and remedy; `unsupported` for what the manifests may say and this version
 * cannot do yet.
 */
export function normaliseVm({ vm, vmClass, image }: VmBundle): NormalisedVm {
  const spec = readSpec(virtualMachineSpec, vm);
  const title = manifestTitle(vm);
  refuseUnsupported(spec, title);
  return {
    spec: {
      name: checkVmName(vm.metadata.name, `${title}: metadata.name`),
      image: imageSource(spec, image, title),
      size: withOwnResources(normaliseClass(vmClass), spec),
      networks: spec.networks?.map((network, index) => normaliseNetwork(network, `${title}: spec.networks[${index}]`)),
      disks: spec.disks?.map((disk, index) => normaliseDisk(disk, `${title}: spec.disks[${index}]`)),
      tags: normaliseTags(spec.tags ?? [], `${title}: spec.tags`),
      userData: normaliseUserData(spec.userData, `${title}: spec.userData`),
      metaData: normaliseDocument(spec.metaData?.cloudInit, `${title}: spec.metaData.cloudInit`),
      placement: placement(spec.placement, `${title}: spec.placement`),
    },
    powerState: powerState(spec.powerState),
    owner: owner(vm),
  };
}

function owner({ metadata }: Manifest): Owner {
  const named = { name: metadata.name, namespace: metadata.namespace ?? DEFAULT_NAMESPACE };
  return metadata.uid === undefined ? named : { ...named, uid: metadata.uid };
}

function powerState(said: VirtualMachineSpec['powerState']): PowerState {
  if (typeof said === 'boolean') return said ? 'On' : 'Off';
  return said ?? 'On';
}

function imageSource(spec: VirtualMachineSpec, image: Manifest | undefined, title: string): ImageSource {
  const { importedDisk } = spec;
  if ((image === undefined) === (importedDisk === undefined)) {
    const why =
      image === undefined ? 'neither imageRef nor importedDisk is set' : 'imageRef and importedDisk are both set';
    throw invalidSpec(`${title}: spec.imageRef`, why, 'Set one of them');
  }
  if (image !== undefined) return normaliseImage(image);
  const field = `${title}: spec.importedDisk.path`;
  const path = importedDisk?.path ?? '';
  if (path !== '') return { kind: 'disk', volume: checkDisk(path, field), node: undefined, storage: undefined };
  throw invalidSpec(field, 'it is not set', 'Name the volume of the imported disk');
}

/** `resources` of a VM stand above its class. */
function withOwnResources(size: VmSize, { resources }: VirtualMachineSpec): VmSize {
  return { ...size, cpus: resources?.cpu ?? size.cpus, memoryMib: resources?.memoryMiB ?? size.memoryMib };
}

function placement(said: VirtualMachineSpec['placement'], path: string): PlacementSpec {
  for (const field of ['cluster', 'folder', 'storagePod'] as const) {
    if (isSaid(said?.[field])) throw invalidSpec(`${path}.${field}`, 'it has no meaning on Proxmox VE', 'Remove it');
  }
  const value = (text: string | undefined): string | undefined => (isSaid(text) ? text : undefined);
  return {
    ...NO_PLACEMENT,
    storage: value(said?.datastore),
    node: value(said?.host),
    pool: value(said?.resourcePool),
  };
}

function isSaid(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

function refuseUnsupported(spec: VirtualMachineSpec, title: string): void {
  const asked: Readonly<Record<string, unknown>> = {
    placementRef: spec.placementRef,
    'resources.gpu': spec.resources?.gpu,
    'snapshot.revertToRef': spec.snapshot?.revertToRef,
    'lifecycle.postStart': spec.lifecycle?.postStart,
    'lifecycle.preStop': spec.lifecycle?.preStop,
  };
  const [field] = Object.entries(asked).find(([, value]) => value !== undefined) ?? [];
  if (field === undefined) return;
  throw new Fault('unsupported', {
    subject: `${title}: spec.${field}`,
    why: 'it is not supported by this version',
    remedy: 'Remove it',
  });
}
