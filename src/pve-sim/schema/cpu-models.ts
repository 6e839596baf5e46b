// The CPU models that QEMU offers and their vendors, per version (recording one-node/20), and the flags a guest may set.
import type { Feature } from '../profiles/features.ts';
import { perProfile } from '../profiles/profile.ts';
import { words } from '../world/words.ts';

interface Models {
  readonly vendor: string;
  readonly names: readonly string[];
  /** Absent where every version has them. */
  readonly feature?: Feature;
}

const MODELS: readonly Models[] = [
  {
    vendor: 'GenuineIntel',
    names: words(
      '486 Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server Cascadelake-Server-noTSX',
      'Conroe Haswell Haswell-IBRS Haswell-noTSX Haswell-noTSX-IBRS Icelake-Client Icelake-Client-noTSX Icelake-Server',
      'Icelake-Server-noTSX IvyBridge IvyBridge-IBRS KnightsMill Nehalem Nehalem-IBRS Penryn SandyBridge',
      'SandyBridge-IBRS Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Server',
      'Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Westmere Westmere-IBRS core2duo coreduo pentium pentium2 pentium3',
    ),
  },
  {
    vendor: 'AuthenticAMD',
    names: words(
      'EPYC EPYC-IBPB EPYC-Milan EPYC-Rome Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5 athlon phenom',
    ),
  },
  { vendor: 'default', names: words('host kvm32 kvm64 max qemu32 qemu64') },
  {
    feature: 'levelledCpuModels',
    vendor: 'GenuineIntel',
    names: words(
      'Cascadelake-Server-v2 Cascadelake-Server-v4 Cascadelake-Server-v5 Cooperlake Cooperlake-v2 Icelake-Server-v3',
      'Icelake-Server-v4 Icelake-Server-v5 Icelake-Server-v6 SapphireRapids Skylake-Client-v4 Skylake-Server-v4',
      'Skylake-Server-v5',
    ),
  },
  {
    feature: 'levelledCpuModels',
    vendor: 'AuthenticAMD',
    names: words('EPYC-Milan-v2 EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-v3'),
  },
  { feature: 'levelledCpuModels', vendor: 'default', names: words('x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4') },
  { feature: 'cpuModelsOf2024', vendor: 'GenuineIntel', names: words('GraniteRapids SapphireRapids-v2') },
  { feature: 'cpuModelsOf2024', vendor: 'AuthenticAMD', names: words('EPYC-Genoa EPYC-v4') },
  {
    feature: 'cpuModelsOf2025',
    vendor: 'GenuineIntel',
    names: words(
      'ClearwaterForest GraniteRapids-v2 GraniteRapids-v3 Icelake-Server-v7 SapphireRapids-v3 SapphireRapids-v4',
      'SierraForest SierraForest-v2 SierraForest-v3',
    ),
  },
  {
    feature: 'cpuModelsOf2025',
    vendor: 'AuthenticAMD',
    names: words('EPYC-Genoa-v2 EPYC-Milan-v3 EPYC-Rome-v5 EPYC-Turin EPYC-v5'),
  },
];

/** The vendor of each model that a version has. */
export const cpuModels = perProfile(
  (profile): ReadonlyMap<string, string> =>
    new Map(
      MODELS.filter(({ feature }) => feature === undefined || profile.has(feature)).flatMap(({ vendor, names }) =>
        names.map((name): [string, string] => [name, vendor]),
      ),
    ),
);

/** In the order in which PVE lists them. */
export const cpuFlags = perProfile((profile): readonly string[] =>
  profile.has('nestedVirtFlag')
    ? words(
        'aes amd-no-ssb amd-ssbd hv-evmcs hv-tlbflush ibpb md-clear nested-virt pcid pdpe1gb spec-ctrl ssbd virt-ssbd',
      )
    : words('pcid spec-ctrl ibpb ssbd virt-ssbd amd-ssbd amd-no-ssb pdpe1gb md-clear hv-tlbflush hv-evmcs aes'),
);
