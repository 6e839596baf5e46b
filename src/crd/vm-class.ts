// spec of VMClass: upstream's fields, and beside them the documented ones (cpus, spec, storage and cloneMode).
import { DISK_TYPES } from '#domain/vm-spec';
import { z } from 'zod';
import { strictObject } from './strict-object.ts';
import { quantity, text } from './fields.ts';
import { cloneMode } from './vm-image.ts';

const int = z.number().int();
const flag = z.boolean().optional();

export const vmClassSpec = strictObject({
  cpu: int.min(1).max(128).optional(),
  cpus: int.min(1).max(128).optional(),
  memory: quantity,
  /** PVE's own words: a machine type, and `uefi` or `bios` (also as `ovmf`, `seabios`). */
  spec: strictObject({
    machine: z.string().min(1).optional(),
    bios: z.string().min(1).optional(),
  }).optional(),
  /** `class` is a PVE storage. */
  storage: strictObject({
    class: z.string().min(1).optional(),
    type: z.enum(DISK_TYPES).optional(),
  }).optional(),
  cloneMode: cloneMode.optional(),
  firmware: z.enum(['BIOS', 'UEFI', 'EFI']).optional(),
  diskDefaults: strictObject({
    size: quantity.optional(),
    type: z.enum(DISK_TYPES).optional(),
    storageClass: text.max(253).optional(),
    iops: int.min(100).max(100_000).optional(),
  }).optional(),
  guestToolsPolicy: z.enum(['install', 'skip', 'upgrade', 'uninstall']).optional(),
  extraConfig: z.record(z.string(), z.string()).optional(),
  performanceProfile: strictObject({
    latencySensitivity: z.enum(['low', 'normal', 'high']).optional(),
    cpuHotAddEnabled: flag,
    memoryHotAddEnabled: flag,
    virtualizationBasedSecurity: flag,
    nestedVirtualization: flag,
    hyperThreadingPolicy: z.enum(['auto', 'prefer', 'avoid', 'require']).optional(),
  }).optional(),
  securityProfile: strictObject({
    secureBoot: flag,
    tpmEnabled: flag,
    tpmVersion: z.enum(['1.2', '2']).optional(),
    vtdEnabled: flag,
    encryptionPolicy: strictObject({
      enabled: flag,
      keyProvider: z.enum(['standard', 'hardware', 'external']).optional(),
      requireEncryption: flag,
    }).optional(),
  }).optional(),
  resourceLimits: strictObject({
    /** MHz. */
    cpuLimit: int.min(100).max(100_000).optional(),
    /** MHz. */
    cpuReservation: int.min(0).max(100_000).optional(),
    cpuShares: int.min(1).max(1_000_000).optional(),
    memoryLimit: quantity.optional(),
    memoryReservation: quantity.optional(),
  }).optional(),
});

export type VmClassSpec = z.output<typeof vmClassSpec>;
