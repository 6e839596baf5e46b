// Wishes that this version cannot fulfil. They are refused by name: what is not done is never dropped silently.
import { Fault } from '#domain/fault';
import { isRootDisk, type VmSpec } from '#domain/vm-spec';

interface Unwired {
  readonly field: string;
  readonly asked: boolean;
}

/** Throws `unsupported` naming the first such field. */
export function refuseUnsupported(spec: VmSpec): void {
  const found = [...imageWishes(spec), ...sizeWishes(spec), ...diskWishes(spec), ...placementWishes(spec)].find(
    (wish) => wish.asked,
  );
  if (found === undefined) return;
  throw new Fault('unsupported', {
    subject: found.field,
    wanted: `create VM ${spec.name}`,
    why: 'this version of the provider cannot do that',
    remedy: 'Leave it out of the request',
  });
}

function imageWishes({ image }: VmSpec): Unwired[] {
  return [
    { field: 'image_json.Path', asked: image.kind === 'disk' },
    { field: 'image_json.ISO', asked: image.kind === 'iso' },
    { field: 'image_json.CloneMode', asked: image.kind === 'template' && image.cloneMode === 'linked' },
  ];
}

const isOther = (value: string | undefined, ...plain: string[]): boolean =>
  value !== undefined && !plain.includes(value.toLowerCase());

function sizeWishes({ size }: VmSpec): Unwired[] {
  const { performance, security, limits } = size;
  const profile = 'class_json.PerformanceProfile';
  const guard = 'class_json.SecurityProfile';
  return [
    { field: 'class_json.GuestToolsPolicy', asked: isOther(size.guestTools, 'install', 'skip') },
    { field: 'class_json.DiskDefaults.Type', asked: isOther(size.diskType, 'thin') },
    { field: `class_json.ExtraConfig.${Object.keys(size.extra)[0] ?? ''}`, asked: Object.keys(size.extra).length > 0 },
    { field: `${profile}.LatencySensitivity`, asked: isOther(performance.latencySensitivity, 'normal') },
    { field: `${profile}.CPUHotAddEnabled`, asked: performance.cpuHotAdd === true },
    { field: `${profile}.MemoryHotAddEnabled`, asked: performance.memoryHotAdd === true },
    { field: `${profile}.VirtualizationBasedSecurity`, asked: performance.virtualizationBasedSecurity === true },
    { field: `${profile}.NestedVirtualization`, asked: performance.nestedVirtualization === true },
    { field: `${profile}.HyperThreadingPolicy`, asked: isOther(performance.hyperThreadingPolicy, 'auto') },
    { field: `${guard}.SecureBoot`, asked: security.secureBoot === true },
    { field: `${guard}.TPMEnabled`, asked: security.tpm === true },
    { field: `${guard}.VTDEnabled`, asked: security.vtd === true },
    { field: `${guard}.EncryptionEnabled`, asked: security.encryption === true || security.requireEncryption === true },
    ...Object.keys(limits).map((key) => ({ field: `class_json.ResourceLimits (${key})`, asked: true })),
  ];
}

function diskWishes({ disks = [] }: VmSpec): Unwired[] {
  return disks.flatMap((disk, index) => [
    { field: `disks_json[${index}] (${disk.name}), a data disk`, asked: !isRootDisk(disk) },
    { field: `disks_json[${index}].Type`, asked: isOther(disk.type, 'thin') },
    { field: `disks_json[${index}].StorageClass`, asked: disk.storage !== undefined },
  ]);
}

function placementWishes({ placement }: VmSpec): Unwired[] {
  return [
    { field: 'placement_json.Nodes', asked: placement.nodes.length > 0 },
    { field: 'placement_json.AvoidIDs', asked: placement.avoidIds.length > 0 },
    { field: 'placement_json.MaxVMsPerNode', asked: placement.maxVmsPerNode !== undefined },
    { field: 'placement_json.MinFreeMemoryMiB', asked: placement.minFreeMemoryMib !== undefined },
  ];
}
