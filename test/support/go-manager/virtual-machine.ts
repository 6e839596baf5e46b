// VirtualMachine objects as a Kubernetes API server keeps them: what outlives a manager.
import type { CreateParts } from '../requests.ts';

export type DesiredPower = 'On' | 'Off' | 'OffGraceful';

export interface VirtualMachineSpec extends Omit<CreateParts, 'name'> {
  /** On where absent. */
  readonly powerState?: DesiredPower;
  /** Instead of the class's; the manager compares with them, and never sends them. */
  readonly resources?: Partial<Resources>;
  /** A VMImage that has to be prepared first. */
  readonly imageRef?: string;
}

export interface Resources {
  readonly cpu: number;
  readonly memoryMib: number;
}

export interface VirtualMachineStatus {
  readonly id: string;
  readonly lastTaskRef: string;
  readonly reconfigureTaskRef: string;
  readonly powerState: string;
  readonly ips: readonly string[];
  readonly provider: Readonly<Record<string, string>>;
  /** What the manager believes the VM to have; absent for adopted VMs. */
  readonly currentResources: Resources | undefined;
  readonly isReady: boolean;
  /** Of the condition that says why it is not ready. */
  readonly message: string;
}

export interface VirtualMachine {
  readonly name: string;
  spec: VirtualMachineSpec;
  status: VirtualMachineStatus;
  /** The manager waits for the id of such a VM instead of creating it. */
  readonly adopted: boolean;
  /** What VMClone makes has none, and is not created again. */
  readonly hasImage: boolean;
  /** It has a deletion timestamp, and goes with its finalizer. */
  deleting: boolean;
}

/** By name; one namespace. */
export type Objects = Map<string, VirtualMachine>;

const NOTHING_YET: VirtualMachineStatus = {
  id: '',
  lastTaskRef: '',
  reconfigureTaskRef: '',
  powerState: '',
  ips: [],
  provider: {},
  currentResources: undefined,
  isReady: false,
  message: '',
};

export function newVirtualMachine(name: string, spec: VirtualMachineSpec): VirtualMachine {
  return { name, spec, status: NOTHING_YET, adopted: false, hasImage: true, deleting: false };
}

/** As adoption makes them: with the id of a VM that there is already. */
export function adoptedVirtualMachine(name: string, id: string, spec: VirtualMachineSpec): VirtualMachine {
  return { name, spec, status: { ...NOTHING_YET, id }, adopted: true, hasImage: true, deleting: false };
}

/** As VMClone makes them: without an id at first, and without an image. */
export function clonedVirtualMachine(name: string, spec: VirtualMachineSpec): VirtualMachine {
  return { name, spec, status: NOTHING_YET, adopted: true, hasImage: false, deleting: false };
}

/** The reason for which an API server would refuse this status with 422; undefined where it takes it. */
export function statusRefusal({ powerState }: VirtualMachineStatus): string | undefined {
  return ['', 'On', 'Off', 'OffGraceful'].includes(powerState)
    ? undefined
    : `status.powerState: Unsupported value: "${powerState}"`;
}
