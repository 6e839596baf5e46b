import { invalidSpec } from '#domain/fault';
import { checkDisk } from '#domain/image-name';
import { checkVmName, normaliseTags } from '#domain/names';
import type { Owner } from '#domain/owner';
import type { PowerState } from '#domain/power';
import type { ImageWish, NicWish, VirtualMachine } from '#domain/virtual-machine';
import { NO_PLACEMENT, type PlacementSpec } from '#domain/vm-spec';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { milliseconds } from '../read-duration.ts';
import { readSpec } from '../read-spec.ts';
import { namespaceOf, refer } from '../refer.ts';
import { NOT_YET, refuse } from '../refuse.ts';
import type { NetworkManifest } from './network.ts';
import { normaliseDisks } from './normalise-disk.ts';
import { normaliseMetaData, normaliseSshKeys, normaliseUserData } from './normalise-documents.ts';
import { normaliseNetwork } from './normalise-network.ts';
import { type VirtualMachineSpec, virtualMachineSpec } from './spec.ts';

const USUAL_SHUTDOWN_MS = 60_000;

/** Throws `invalid-spec` naming object, field and remedy; `unsupported` for what cannot be done. */
export function normaliseVirtualMachine(vm: Manifest): VirtualMachine {
  const spec = readSpec(virtualMachineSpec, vm);
  const title = manifestTitle(vm);
  refuseUnsupported(spec, title);
  return {
    name: checkVmName(vm.metadata.name, `${title}: metadata.name`),
    owner: owner(vm),
    powerState: powerState(spec.powerState),
    provider: refer(spec.providerRef, vm),
    vmClass: refer(spec.classRef, vm),
    image: imageWish(spec, vm),
    cpus: spec.resources?.cpu,
    memoryMib: spec.resources?.memoryMiB,
    networks: normaliseNics(spec.networks, vm, `${title}: spec.networks`),
    disks: normaliseDisks(spec.disks, `${title}: spec.disks`),
    tags: normaliseTags(spec.tags ?? [], `${title}: spec.tags`),
    userData: normaliseUserData(spec.userData, vm, `${title}: spec.userData`),
    metaData: normaliseMetaData(spec.metaData, vm),
    sshKeys: normaliseSshKeys(spec.userData?.sshKeys, vm),
    placement: placement(spec.placement, `${title}: spec.placement`),
    policy: refer(spec.placementRef, vm),
    shutdownTimeoutMs:
      milliseconds(spec.lifecycle?.gracefulShutdownTimeout, `${title}: spec.lifecycle.gracefulShutdownTimeout`) ??
      USUAL_SHUTDOWN_MS,
  };
}

/** NICs with the VMNetworkAttachments that `from` says they are on. Throws `invalid-spec`, also for a MAC that is there twice. */
export function normaliseNics(
  networks: readonly NetworkManifest[] | undefined,
  from: Manifest,
  path: string,
): NicWish[] | undefined {
  const nics = networks?.map((network, index) => ({
    nic: normaliseNetwork(network, `${path}[${index}]`),
    attachment: refer(network.networkRef, from),
  }));
  const macs = nics?.map(({ nic }) => nic.mac) ?? [];
  const twice = macs.findIndex((mac, index) => mac !== undefined && macs.indexOf(mac) < index);
  if (twice === -1) return nics;
  throw invalidSpec(`${path}[${twice}].mac`, `${macs[twice]} is on another NIC of this VM already`, 'Use it once');
}

function owner(manifest: Manifest): Owner {
  const { name, uid } = manifest.metadata;
  const named = { name, namespace: namespaceOf(manifest) };
  return uid === undefined ? named : { ...named, uid };
}

function powerState(said: VirtualMachineSpec['powerState']): PowerState {
  if (typeof said === 'boolean') return said ? 'On' : 'Off';
  return said ?? 'On';
}

function imageWish({ imageRef, importedDisk }: VirtualMachineSpec, vm: Manifest): ImageWish | undefined {
  const title = manifestTitle(vm);
  const vmImage = refer(imageRef, vm);
  if (vmImage !== undefined && importedDisk !== undefined) {
    throw invalidSpec(`${title}: spec.imageRef`, 'imageRef and importedDisk are both set', 'Set one of them');
  }
  if (vmImage !== undefined) return { vmImage };
  if (importedDisk === undefined) return undefined;
  const field = `${title}: spec.importedDisk.path`;
  const path = importedDisk.path ?? '';
  if (path === '') throw invalidSpec(field, 'it is not set', 'Name the volume of the imported disk');
  return { volume: checkDisk(path, field) };
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
  const asked = {
    'resources.gpu': spec.resources?.gpu,
    'snapshot.revertToRef': spec.snapshot?.revertToRef,
    'lifecycle.postStart': spec.lifecycle?.postStart,
    'lifecycle.preStop': spec.lifecycle?.preStop,
  };
  refuse(`${title}: spec`, asked, NOT_YET);
}
