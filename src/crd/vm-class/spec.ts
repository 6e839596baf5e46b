// spec of VMClass: upstream's fields, and beside them the documented ones (cpus, spec, storage and cloneMode).
import { DISK_TYPES } from '#domain/vm-spec';
import type { z } from 'zod';
import { cloneMode, flag, oneOf, quantity, text, textMap, whole, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const diskType = oneOf('How disks are allocated, or what they show themselves as.', DISK_TYPES);

const diskDefaults = optionalObject({
  size: quantity('Least size of the boot disk, such as `40Gi`.'),
  type: diskType,
  storageClass: text('Storage of Proxmox VE. Another way to say `storage.class`.', 253),
  iops: whole('Of no effect yet: set the limit of a disk in Proxmox VE.', 100, 100_000),
}).describe('Of disks that say nothing themselves.');

const performanceProfile = optionalObject({
  latencySensitivity: oneOf('How much latency matters.', ['low', 'normal', 'high']),
  cpuHotAddEnabled: flag('Whether the VM gets room for more CPUs while it runs.'),
  memoryHotAddEnabled: flag('Whether the VM can get more memory while it runs.'),
  virtualizationBasedSecurity: flag("Whether Windows' virtualization-based security is to work."),
  nestedVirtualization: flag('Whether the guest may run VMs itself.'),
  hyperThreadingPolicy: oneOf('Use of hyper-threads.', ['auto', 'prefer', 'avoid', 'require']),
}).describe('How it performs.');

const securityProfile = optionalObject({
  secureBoot: flag('Whether it boots signed systems alone; needs UEFI.'),
  tpmEnabled: flag('Whether it has a TPM.'),
  tpmVersion: oneOf('Version of the TPM.', ['1.2', '2']),
  vtdEnabled: flag('Whether it has a virtual IOMMU.'),
  encryptionPolicy: optionalObject({
    enabled: flag('Whether its disks are encrypted.'),
    keyProvider: oneOf('Who keeps the keys.', ['standard', 'hardware', 'external']),
    requireEncryption: flag('Whether it may not be made without.'),
  }).describe('Of vSphere: refused where it is enabled. Use an encrypted storage.'),
}).describe('How it is secured.');

const resourceLimits = optionalObject({
  cpuLimit: whole('Most CPU it gets, in MHz.', 100, 100_000),
  cpuReservation: whole('CPU that is kept for it, in MHz.', 0, 100_000),
  cpuShares: whole('Its weight among others where CPU is short.', 1, 1_000_000),
  memoryLimit: quantity('Most memory it gets.'),
  memoryReservation: quantity('Memory that is kept for it.'),
}).describe('What it gets at least and at most.');

export const vmClassSpec = strictObject({
  memory: quantity('Memory, such as `4Gi`.'),
  ...optional({
    cpus: whole('Number of virtual CPUs.', 1, 128),
    cpu: whole('The same as `cpus`.', 1, 128),
    spec: optionalObject({
      machine: word('Machine type: `q35`, `pc` or a versioned one.'),
      bios: word('`uefi` or `bios`, also as `ovmf` and `seabios`.'),
    }).describe('Hardware in the words of Proxmox VE.'),
    storage: optionalObject({
      class: word('Storage of Proxmox VE.', 253),
      type: diskType,
    }).describe('Where its disks are, and of which type.'),
    cloneMode: cloneMode('How templates are copied where the image does not say.'),
    firmware: oneOf('Firmware; `spec.bios` says the same. `BIOS` never takes UEFI away from a template.', [
      'BIOS',
      'UEFI',
      'EFI',
    ]),
    diskDefaults,
    guestToolsPolicy: oneOf('Whether the guest agent of Proxmox VE is switched on (`skip`: left alone).', [
      'install',
      'skip',
      'upgrade',
      'uninstall',
    ]),
    extraConfig: textMap('Options of Proxmox VE by their own names; docs/extra-config.md lists them.'),
    performanceProfile,
    securityProfile,
    resourceLimits,
  }),
}).meta({ anyOf: [{ required: ['cpus'] }, { required: ['cpu'] }] });

export type VmClassSpec = z.output<typeof vmClassSpec>;
