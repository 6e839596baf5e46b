// A guest's CPU model, NUMA nodes, memory encryption and CPU affinity (pve-behaviour 21; texts: recording one-node/30).
import { perProfile, type Profile } from '../profiles/profile.ts';
import { parseProperties } from '../world/property-string.ts';
import { cpuFlags, cpuModels } from './cpu-models.ts';
import { choice, flag, type Format, integer, number, optional, type Property, text } from './property.ts';
import { propertyFormat } from './property-format.ts';
import { configIdFormat } from './formats.ts';

export const RANGES = /\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*/;
const FLAG = /[+-][\w.-]+/;

const physBits: Format = {
  name: 'pve-phys-bits',
  check: (value) =>
    value === 'host' || (/^\d+$/.test(value) && Number(value) >= 8 && Number(value) <= 64)
      ? undefined
      : "value must be an integer between 8 and 64 or 'host'",
};

const model = perProfile((profile) =>
  propertyFormat({
    schema: {
      cputype: optional(text({ format: configIdFormat })),
      flags: optional(text({ pattern: new RegExp(`${FLAG.source}(?:;${FLAG.source})*`) })),
      ...(profile.has('guestPhysBits') ? { 'guest-phys-bits': optional(integer({ minimum: 32, maximum: 64 })) } : {}),
      hidden: flag(),
      'hv-vendor-id': optional(text({ pattern: /[a-zA-Z0-9]{1,12}/ })),
      'phys-bits': optional(text({ format: physBits })),
      'reported-model': optional(choice(...[...cpuModels(profile).keys()].filter((name) => name !== 'max'))),
    },
    defaultKey: 'cputype',
  }),
);

const cpuFormat: Format = {
  name: 'pve-vm-cpu-conf',
  check: (value, name, profile) => {
    const { cputype = 'kvm64', flags } = parseProperties(value, 'cputype');
    return typeProblem(cputype, profile) ?? model(profile).check(value, name, profile) ?? flagProblem(flags, profile);
  },
};

function typeProblem(type: string, profile: Profile): string | undefined {
  if (type.startsWith('custom-')) return `Custom cputype '${type.slice('custom-'.length)}' not found`;
  if (cpuModels(profile).has(type)) return undefined;
  return `Built-in cputype '${type}' is not defined (missing 'custom-' prefix?)`;
}

function flagProblem(flags: string | undefined, profile: Profile): string | undefined {
  const known = cpuFlags(profile);
  const bad = flags?.split(';').some((each) => !known.includes(each.slice(1)));
  return bad === true ? `VM-specific CPU flags must be a subset of: ${known.join(', ')}` : undefined;
}

export const cpu: Property = optional(text({ format: cpuFormat }));

export const numaNode: Property = optional(
  text({
    format: propertyFormat({
      schema: {
        cpus: text({ pattern: RANGES }),
        hostnodes: optional(text({ pattern: RANGES })),
        memory: optional(number()),
        policy: optional(choice('preferred', 'bind', 'interleave')),
      },
    }),
  }),
);

export const affinity: Property = optional(
  text({
    format: {
      name: 'pve-cpuset',
      check: (value) =>
        /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(value) ? undefined : `unable to parse CPU set '${value}'`,
    },
  }),
);

/** AMD SEV; `snp`, `allow-smt` and `kernel-hashes` came later. */
export const sev = perProfile((profile) => {
  const more = profile.has('sevSnp');
  return optional(
    text({
      format: propertyFormat(
        {
          schema: {
            ...(more ? { 'allow-smt': flag() } : {}),
            'kernel-hashes': flag(),
            'no-debug': flag(),
            'no-key-sharing': flag(),
            type: choice('std', 'es', ...(more ? ['snp'] : [])),
          },
          defaultKey: 'type',
        },
        'pve-qemu-sev-fmt',
      ),
    }),
  );
});

export const tdx: Property = optional(
  text({
    format: propertyFormat(
      {
        schema: {
          attestation: flag(),
          type: choice('tdx'),
          'vsock-cid': optional(integer({ minimum: 2 })),
          'vsock-port': optional(integer({ minimum: 0 })),
        },
        defaultKey: 'type',
      },
      'pve-qemu-tdx-fmt',
    ),
  }),
);
