import { invalidSpec } from '#domain/fault';
import type { Firmware, ResourceLimits, SecurityProfile, VmSize } from '#domain/vm-spec';
import { defined } from '../defined.ts';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { gibibytes, mebibytes } from '../normalise-quantity.ts';
import { readSpec } from '../read-spec.ts';
import { sayOnce } from '../say-once.ts';
import { vmClassSpec, type VmClassSpec } from './spec.ts';

/** What a VMClass says about size and hardware. Throws `invalid-spec` naming class and field. */
export function normaliseClass(vmClass: Manifest): VmSize {
  const spec = readSpec(vmClassSpec, vmClass);
  const path = `${manifestTitle(vmClass)}: spec`;
  const cpus = sayOnce(path, { cpu: spec.cpu, cpus: spec.cpus });
  if (cpus === undefined) throw invalidSpec(`${path}.cpus`, 'the number of CPUs is missing', 'Set it, such as cpus: 2');
  const { diskDefaults: disk, performanceProfile: performance } = spec;
  return {
    cpus,
    memoryMib: mebibytes(spec.memory, `${path}.memory`),
    firmware: readFirmware(spec, path),
    machine: spec.spec?.machine,
    bootDiskGib: disk?.size === undefined ? undefined : gibibytes(disk.size, `${path}.diskDefaults.size`),
    diskType: readDiskType(spec, path),
    storage: sayOnce(path, { 'storage.class': spec.storage?.class, 'diskDefaults.storageClass': disk?.storageClass }),
    cloneMode: spec.cloneMode,
    guestTools: spec.guestToolsPolicy,
    performance: defined({
      latencySensitivity: performance?.latencySensitivity,
      cpuHotAdd: performance?.cpuHotAddEnabled,
      memoryHotAdd: performance?.memoryHotAddEnabled,
      virtualizationBasedSecurity: performance?.virtualizationBasedSecurity,
      nestedVirtualization: performance?.nestedVirtualization,
      hyperThreadingPolicy: performance?.hyperThreadingPolicy,
    }),
    security: readSecurity(spec.securityProfile),
    limits: readLimits(spec.resourceLimits, `${path}.resourceLimits`),
    extra: spec.extraConfig ?? {},
  };
}

/** `thin` of `diskDefaults` is what VirtRigaud's API server fills in, so that it contradicts nothing. */
function readDiskType({ storage, diskDefaults }: VmClassSpec, path: string): VmSize['diskType'] {
  const general = diskDefaults?.type === 'thin' ? undefined : diskDefaults?.type;
  return sayOnce(path, { 'storage.type': storage?.type, 'diskDefaults.type': general }) ?? diskDefaults?.type;
}

const FIRMWARES: Readonly<Record<string, Firmware>> = {
  uefi: 'uefi',
  efi: 'uefi',
  ovmf: 'uefi',
  bios: 'bios',
  seabios: 'bios',
};

/** An API server fills in `firmware: BIOS` where nothing was said, so that alone contradicts nothing. */
function readFirmware({ spec, firmware }: VmClassSpec, path: string): Firmware {
  const general = FIRMWARES[firmware?.toLowerCase() ?? 'bios'] ?? 'bios';
  if (spec?.bios === undefined) return general;
  const own = FIRMWARES[spec.bios.toLowerCase()];
  if (own === undefined) throw invalidSpec(`${path}.spec.bios`, `"${spec.bios}" is not known`, 'Write uefi or bios');
  if (general === 'uefi' && own === 'bios') {
    throw invalidSpec(
      `${path}.spec.bios`,
      `it says ${spec.bios}, but firmware says ${firmware}`,
      'Keep one of the two',
    );
  }
  return own;
}

function readSecurity(profile: VmClassSpec['securityProfile']): SecurityProfile {
  return defined({
    secureBoot: profile?.secureBoot,
    tpm: profile?.tpmEnabled,
    tpmVersion: profile?.tpmVersion,
    vtd: profile?.vtdEnabled,
    encryption: profile?.encryptionPolicy?.enabled,
    keyProvider: profile?.encryptionPolicy?.keyProvider,
    requireEncryption: profile?.encryptionPolicy?.requireEncryption,
  });
}

function readLimits(limits: VmClassSpec['resourceLimits'], path: string): ResourceLimits {
  const memory = (value: string | number | undefined, name: string): number | undefined =>
    value === undefined ? undefined : mebibytes(value, `${path}.${name}`);
  return defined({
    cpuLimitMhz: limits?.cpuLimit,
    cpuReservationMhz: limits?.cpuReservation,
    memoryLimitMib: memory(limits?.memoryLimit, 'memoryLimit'),
    memoryReservationMib: memory(limits?.memoryReservation, 'memoryReservation'),
    cpuShares: limits?.cpuShares,
  });
}
