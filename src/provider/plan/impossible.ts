// What a class may ask for and PVE has nothing for. It is refused by name, before PVE is asked anything: what is not done
// is never dropped silently.
import { type Fault, invalidSpec } from '#domain/fault';
import type { VmSpec } from '#domain/vm-spec';

interface Refusal {
  readonly field: string;
  readonly asked: boolean;
  readonly why: string;
  readonly remedy: string;
}

const PROFILE = 'class_json.PerformanceProfile';
const GUARD = 'class_json.SecurityProfile';
const LIMITS = 'class_json.ResourceLimits';

const ENCRYPTION = {
  why: 'PVE does not encrypt the disks of single VMs',
  remedy: 'Leave it out, and name a storage that is encrypted (ZFS, LUKS, Ceph) or encrypt inside the guest',
};

/** Throws `invalid-spec` naming the first such field. */
export function refuseImpossible(spec: VmSpec): void {
  const found = refusals(spec).find(({ asked }) => asked);
  if (found !== undefined) throw refused(found);
}

function refused({ field, why, remedy }: Refusal): Fault {
  return invalidSpec(field, why, remedy);
}

const isOther = (value: string | undefined, ...plain: string[]): boolean =>
  value !== undefined && !plain.includes(value.toLowerCase());

function refusals({ size }: VmSpec): Refusal[] {
  const { performance, security, limits } = size;
  return [
    { field: `${GUARD}.EncryptionEnabled`, asked: security.encryption === true, ...ENCRYPTION },
    { field: `${GUARD}.RequireEncryption`, asked: security.requireEncryption === true, ...ENCRYPTION },
    { field: `${GUARD}.KeyProvider`, asked: security.keyProvider !== undefined, ...ENCRYPTION },
    {
      field: `${LIMITS}.CPUReservation`,
      asked: limits.cpuReservationMhz !== undefined,
      why: 'PVE sets no CPU time aside for a VM',
      remedy: 'Leave it out; CPUShares weighs a VM against others',
    },
    {
      field: `${PROFILE}.LatencySensitivity`,
      asked: isOther(performance.latencySensitivity, 'normal', 'low'),
      why: `PVE cannot give a VM the latency "${performance.latencySensitivity ?? ''}" asks for: only a login of root may pin its CPUs`,
      remedy: 'Use normal; CPUShares weighs a VM against others',
    },
    {
      field: `${PROFILE}.HyperThreadingPolicy`,
      asked: isOther(performance.hyperThreadingPolicy, 'auto'),
      why: 'PVE does not choose between the threads of a core: only a login of root may pin CPUs',
      remedy: 'Use auto',
    },
    basedOnVirtualization(size),
  ];
}

/** Windows' isolation by virtualisation: PVE has no switch for it, but everything it stands on. */
function basedOnVirtualization({ performance, security, firmware, machine }: VmSpec['size']): Refusal {
  const missing = [
    ...(firmware === 'uefi' ? [] : ['Firmware UEFI']),
    ...(machine !== undefined && /q35/.test(machine) ? [] : ['Machine q35']),
    ...(security.secureBoot === true ? [] : ['SecurityProfile.SecureBoot']),
    ...(performance.nestedVirtualization === true ? [] : ['PerformanceProfile.NestedVirtualization']),
  ];
  return {
    field: `${PROFILE}.VirtualizationBasedSecurity`,
    asked: performance.virtualizationBasedSecurity === true && missing.length > 0,
    why: `it stands on settings that the class does not have: ${missing.join(', ')}`,
    remedy: 'Set them too, or leave it out',
  };
}
