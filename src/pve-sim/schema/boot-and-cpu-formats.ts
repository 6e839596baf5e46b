// Two option values whose texts are PVE's own: boot order and CPU model (recordings one-node/30, golden vectors).
import { splitList } from '../world/tags.ts';
import { words } from '../world/words.ts';
import type { Format } from './property.ts';
import { optional, text } from './property.ts';
import { propertyFormat } from './property-format.ts';

const BOOT_DEVICE =
  /^(?:ide[0-3]|sata[0-5]|scsi(?:[12]?\d|30)|virtio(?:1[0-5]|\d)|net(?:[12]?\d|3[01])|usb(?:1[0-3]|\d)|hostpci(?:1[0-5]|\d))$/;

const orderFormat: Format = (value) => {
  const bad = splitList(value).find((device) => !BOOT_DEVICE.test(device));
  return bad === undefined ? undefined : `invalid boot device '${bad}'`;
};

const legacyOrOrder = propertyFormat({
  schema: { legacy: optional(text({ pattern: /[acdn]{1,4}/ })), order: optional(text({ format: orderFormat })) },
  defaultKey: 'legacy',
});

export const bootFormat: Format = (value, name) => legacyOrOrder(value, name);

const CPU_TYPES = new Set(
  [
    '486 athlon Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server Cascadelake-Server-noTSX',
    'Cascadelake-Server-v2 Cascadelake-Server-v4 Cascadelake-Server-v5 Conroe Cooperlake Cooperlake-v2 core2duo coreduo',
    'EPYC EPYC-Genoa EPYC-IBPB EPYC-Milan EPYC-Milan-v2 EPYC-Rome EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-v3 EPYC-v4',
    'GraniteRapids Haswell Haswell-IBRS Haswell-noTSX Haswell-noTSX-IBRS host Icelake-Client Icelake-Client-noTSX',
    'Icelake-Server Icelake-Server-noTSX IvyBridge IvyBridge-IBRS kvm32 kvm64 max Nehalem Nehalem-IBRS Opteron_G1 Opteron_G2',
    'Opteron_G3 Opteron_G4 Opteron_G5 Penryn pentium pentium2 pentium3 phenom qemu32 qemu64 SandyBridge SandyBridge-IBRS',
    'SapphireRapids SapphireRapids-v2 SierraForest Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS',
    'Skylake-Server Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Westmere Westmere-IBRS x86-64-v2 x86-64-v2-AES x86-64-v3',
    'x86-64-v4',
  ]
    .join(' ')
    .split(' '),
);

const VM_FLAGS = words(
  'aes amd-no-ssb amd-ssbd hv-evmcs hv-tlbflush ibpb md-clear nested-virt pcid pdpe1gb spec-ctrl ssbd',
  'virt-ssbd',
);

export const cpuFormat: Format = (value) => {
  const type = /^(?:cputype=)?([^,=]+)(?:,|$)/.exec(value)?.[1] ?? '';
  if (type.startsWith('custom-')) return `Custom cputype '${type.slice('custom-'.length)}' not found`;
  if (!CPU_TYPES.has(type)) return `Built-in cputype '${type}' is not defined (missing 'custom-' prefix?)`;
  const flags = /flags=([^,]+)/.exec(value)?.[1]?.split(';') ?? [];
  const known = flags.every((flag) => /^[+-]/.test(flag) && VM_FLAGS.includes(flag.slice(1)));
  return known ? undefined : `VM-specific CPU flags must be a subset of: ${VM_FLAGS.join(', ')}`;
};
