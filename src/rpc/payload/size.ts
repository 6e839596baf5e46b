import { invalidSpec } from '#domain/fault';
import type { DiskType, PerformanceProfile, ResourceLimits, SecurityProfile, VmSize } from '#domain/vm-spec';
import { cloneMode } from './image.ts';
import { agree, type JsonObject, readObject } from './json-object.ts';
import { said } from './said.ts';
import { diskType, flag, oneOf, quantityGib, quantityMib, text, textMap, wholeNumber } from './values.ts';

// class_json: how big a VM is and how it is built. Go's shape has PascalCase keys; the CRD's camelCase shape
// (`cpu`, `memory: "4Gi"`, `diskDefaults.size`) and the older `cpus` are read too.

const MIN_MEMORY_MIB = 16;
const cpuCount = wholeNumber(1, 128);
const memoryMib = wholeNumber(MIN_MEMORY_MIB, Number.MAX_SAFE_INTEGER, ' MiB');
const positive = wholeNumber(1);
const firmware = oneOf({ bios: 'bios', uefi: 'uefi', efi: 'uefi' } as const);
const guestTools = oneOf({ install: 'install', skip: 'skip', upgrade: 'upgrade', uninstall: 'uninstall' } as const);

/** The size that `class_json` or `desired_json.Class` tells; throws `invalid-spec` naming the key under `path`. */
export function decodeSize(value: unknown, path: string): VmSize {
  return readObject(readSize)(value ?? {}, path);
}

function readSize(object: JsonObject): VmSize {
  const disk = object.get('DiskDefaults', readObject(readDiskDefaults));
  return {
    cpus: demand(object, 'CPU', object.get('CPU', cpuCount, { cpus: cpuCount })),
    memoryMib: demand(object, 'MemoryMiB', object.get('MemoryMiB', memoryMib, { memory: quantityMib(MIN_MEMORY_MIB) })),
    firmware: object.get('Firmware', firmware) ?? 'bios',
    machine: object.get('Machine', machineType),
    bootDiskGib: disk?.sizeGib,
    diskType: disk?.type,
    storage: agree(object.at('Storage'), object.get('Storage', text), disk?.storage),
    cloneMode: object.get('CloneMode', cloneMode),
    guestTools: object.get('GuestToolsPolicy', guestTools),
    performance: object.get('PerformanceProfile', readObject(readPerformance)) ?? {},
    security: object.get('SecurityProfile', readObject(readSecurity)) ?? {},
    limits: object.get('ResourceLimits', readObject(readLimits)) ?? {},
    extra: object.get('ExtraConfig', textMap) ?? {},
  };
}

function demand(object: JsonObject, key: string, value: number | undefined): number {
  if (value !== undefined) return value;
  throw invalidSpec(`${object.path}.${key}`, 'is missing', 'Set it in the VMClass');
}

export function machineType(value: unknown, path: string): string {
  const machine = text(value, path);
  if (/^[\w.+-]+$/.test(machine)) return machine;
  throw invalidSpec(
    path,
    `"${machine}" is not a machine type`,
    'Use "q35", "pc" or a versioned type like "pc-q35-9.0"',
  );
}

function readDiskDefaults(object: JsonObject): { type?: DiskType; sizeGib?: number; storage?: string } {
  return said({
    type: object.get('Type', diskType),
    sizeGib: object.get('SizeGiB', positive, { size: quantityGib(1) }),
    storage: object.get('StorageClass', text),
  });
}

function readPerformance(object: JsonObject): PerformanceProfile {
  return said({
    latencySensitivity: object.get('LatencySensitivity', text),
    cpuHotAdd: object.get('CPUHotAddEnabled', flag),
    memoryHotAdd: object.get('MemoryHotAddEnabled', flag),
    virtualizationBasedSecurity: object.get('VirtualizationBasedSecurity', flag),
    nestedVirtualization: object.get('NestedVirtualization', flag),
    hyperThreadingPolicy: object.get('HyperThreadingPolicy', text),
  });
}

function readSecurity(object: JsonObject): SecurityProfile {
  const policy = object.get('EncryptionPolicy', readObject(readEncryption)) ?? {};
  return said({
    secureBoot: object.get('SecureBoot', flag),
    tpm: object.get('TPMEnabled', flag),
    tpmVersion: object.get('TPMVersion', text),
    vtd: object.get('VTDEnabled', flag),
    encryption: agree(object.at('EncryptionEnabled'), object.get('EncryptionEnabled', flag), policy.encryption),
    keyProvider: agree(object.at('KeyProvider'), object.get('KeyProvider', text), policy.keyProvider),
    requireEncryption: agree(
      object.at('RequireEncryption'),
      object.get('RequireEncryption', flag),
      policy.requireEncryption,
    ),
  });
}

/** The CRD keeps these in an object of their own, Go's payload beside the others. */
function readEncryption(object: JsonObject): Pick<SecurityProfile, 'encryption' | 'keyProvider' | 'requireEncryption'> {
  return said({
    encryption: object.get('Enabled', flag),
    keyProvider: object.get('KeyProvider', text),
    requireEncryption: object.get('RequireEncryption', flag),
  });
}

function readLimits(object: JsonObject): ResourceLimits {
  return said({
    cpuLimitMhz: object.get('CPULimit', positive),
    cpuReservationMhz: object.get('CPUReservation', positive),
    memoryLimitMib: object.get('MemoryLimitMiB', positive, { memoryLimit: quantityMib(1) }),
    memoryReservationMib: object.get('MemoryReservationMiB', positive, { memoryReservation: quantityMib(1) }),
    cpuShares: object.get('CPUShares', positive),
  });
}

/** `class_json` in Go's shape with our extra keys. */
export function encodeSize(size: VmSize): Record<string, unknown> {
  const { performance, security, limits } = size;
  return {
    CPU: size.cpus,
    MemoryMiB: size.memoryMib,
    Firmware: size.firmware.toUpperCase(),
    Machine: size.machine,
    Storage: size.storage,
    CloneMode: size.cloneMode,
    DiskDefaults:
      size.bootDiskGib === undefined && size.diskType === undefined
        ? null
        : { Type: size.diskType ?? '', SizeGiB: size.bootDiskGib ?? 0 },
    GuestToolsPolicy: size.guestTools ?? '',
    ExtraConfig: size.extra,
    PerformanceProfile: {
      LatencySensitivity: performance.latencySensitivity,
      CPUHotAddEnabled: performance.cpuHotAdd,
      MemoryHotAddEnabled: performance.memoryHotAdd,
      VirtualizationBasedSecurity: performance.virtualizationBasedSecurity,
      NestedVirtualization: performance.nestedVirtualization,
      HyperThreadingPolicy: performance.hyperThreadingPolicy,
    },
    SecurityProfile: {
      SecureBoot: security.secureBoot,
      TPMEnabled: security.tpm,
      TPMVersion: security.tpmVersion,
      VTDEnabled: security.vtd,
      EncryptionEnabled: security.encryption,
      KeyProvider: security.keyProvider,
      RequireEncryption: security.requireEncryption,
    },
    ResourceLimits: {
      CPULimit: limits.cpuLimitMhz ?? null,
      CPUReservation: limits.cpuReservationMhz ?? null,
      MemoryLimitMiB: limits.memoryLimitMib ?? null,
      MemoryReservationMiB: limits.memoryReservationMib ?? null,
      CPUShares: limits.cpuShares ?? null,
    },
  };
}
