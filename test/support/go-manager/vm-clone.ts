// VMClone objects and their controller: it asks once, takes every error for final, also one of a mere look at the task, and
// makes a VirtualMachine of what has come of it. Removing the object removes nothing else.
import { type Connection, StatusError } from './client.ts';
import { goEscaped } from './payload.ts';
import type { NextLook } from './reconcile.ts';
import type { Resolver } from './resolver.ts';
import { clonedVirtualMachine, type Objects } from './virtual-machine.ts';

const AT_ONCE_MS = 0;
/** After an API server's refusal of a write. */
const CONFLICT_MS = 5;
const TASK_MS = 10_000;
const WAIT_MS = 30_000;

export interface VmCloneSpec {
  /** Name of the VirtualMachine. */
  readonly source: string;
  readonly target: string;
  readonly linked?: boolean;
  /** The spec of a VMClass, in camelCase. */
  readonly class?: Readonly<Record<string, unknown>>;
  /** Name of a VMPlacementPolicy. */
  readonly placement?: string;
  readonly customization?: Readonly<Record<string, unknown>>;
}

export interface VmCloneStatus {
  readonly phase: '' | 'Pending' | 'Cloning' | 'Ready' | 'Failed';
  readonly targetVmId: string;
  readonly taskRef: string;
  readonly message: string;
}

export interface VmClone {
  readonly name: string;
  readonly spec: VmCloneSpec;
  status: VmCloneStatus;
}

export type VmClones = Map<string, VmClone>;

export function newVmClone(name: string, spec: VmCloneSpec): VmClone {
  return { name, spec, status: { phase: '', targetVmId: '', taskRef: '', message: '' } };
}

export interface CloneParts {
  readonly resolver: Resolver;
  readonly vms: Objects;
  /** Tells the controller of VirtualMachines of a new one. */
  readonly wakeVm: (name: string) => void;
  /** Whether an API server refuses this write, since somebody else has changed the object. */
  readonly conflicts: (kind: 'VMClone', name: string, status: VmCloneStatus) => boolean;
}

interface Steps extends CloneParts {
  readonly clone: VmClone;
}

export async function reconcileClone(parts: CloneParts, clone: VmClone): Promise<NextLook> {
  const steps = { ...parts, clone };
  const { phase, taskRef, targetVmId } = clone.status;
  if (phase === 'Ready' || phase === 'Failed') return undefined;
  const sourceVmId = parts.vms.get(clone.spec.source)?.status.id ?? '';
  if (sourceVmId === '') return write(steps, { phase: 'Pending', message: 'waiting for the source' }, WAIT_MS);
  let connection: Connection;
  try {
    connection = await parts.resolver.resolve(clone.name);
  } catch (error) {
    return write(steps, { phase: 'Pending', message: (error as Error).message }, WAIT_MS);
  }
  if (clone.spec.linked === true && !(await canLink(steps, connection))) {
    return write(steps, { phase: 'Failed', message: 'provider does not support linked clones' }, WAIT_MS);
  }
  if (taskRef !== '') return await pollTask(steps, connection);
  if (targetVmId !== '') return bindTarget(steps);
  if (parts.vms.has(clone.spec.target)) {
    return write(steps, { phase: 'Failed', message: 'the target VM exists and is not of this clone' }, WAIT_MS);
  }
  return await startClone(steps, connection, sourceVmId);
}

/** Every write wakes the controller, which does not tell a status from a spec. */
function write({ clone, conflicts }: Steps, part: Partial<VmCloneStatus>, afterMs: number): number {
  const next = { ...clone.status, ...part };
  if (conflicts('VMClone', clone.name, next)) return CONFLICT_MS;
  const isChanged = JSON.stringify(next) !== JSON.stringify(clone.status);
  clone.status = next;
  return isChanged ? AT_ONCE_MS : afterMs;
}

/** Whoever cannot be asked can. */
async function canLink({ clone }: Steps, connection: Connection): Promise<boolean> {
  return await connection
    .call('getCapabilities', clone.name, async (client, options) => await client.getCapabilities({}, options))
    .then(
      ({ supportsLinkedClones }) => supportsLinkedClones,
      (error: unknown) => error instanceof StatusError,
    );
}

async function startClone(steps: Steps, connection: Connection, sourceVmId: string): Promise<NextLook> {
  const { clone } = steps;
  const { target, linked = false, class: vmClass, placement, customization } = clone.spec;
  const request = {
    sourceVmId,
    targetName: target,
    linked,
    classJson: jsonOf(vmClass),
    placementJson: jsonOf(placement === undefined ? undefined : { name: placement }),
    customizeJson: jsonOf(customization),
  };
  try {
    const { targetVmId, task } = await connection.call(
      'clone',
      clone.name,
      async (client, options) => await client.clone(request, options),
    );
    const taskRef = task?.id ?? '';
    if (taskRef === '' && targetVmId === '') {
      return write(steps, { phase: 'Failed', message: 'provider returned no target VM ID' }, TASK_MS);
    }
    return write(steps, { phase: 'Cloning', targetVmId, taskRef, message: '' }, TASK_MS);
  } catch (error) {
    return failed(steps, error);
  }
}

async function pollTask(steps: Steps, connection: Connection): Promise<NextLook> {
  const { clone } = steps;
  const id = clone.status.taskRef;
  try {
    const { done, error } = await connection.call(
      'taskStatus',
      clone.name,
      async (client, options) => await client.taskStatus({ task: { id } }, options),
    );
    if (error !== '') return write(steps, { phase: 'Failed', taskRef: '', message: error }, TASK_MS);
    return done ? write(steps, { taskRef: '' }, AT_ONCE_MS) : TASK_MS;
  } catch (error) {
    return failed(steps, error);
  }
}

function bindTarget(steps: Steps): NextLook {
  const { clone, vms, wakeVm } = steps;
  const { target } = clone.spec;
  if (!vms.has(target)) {
    vms.set(target, clonedVirtualMachine(target, {}));
    wakeVm(target);
  }
  const vm = vms.get(target);
  if (vm !== undefined) vm.status = { ...vm.status, id: clone.status.targetVmId };
  return write(steps, { phase: 'Ready' }, AT_ONCE_MS);
}

function failed(steps: Steps, error: unknown): number {
  if (!(error instanceof StatusError)) throw error;
  return write(steps, { phase: 'Failed', taskRef: '', message: error.message }, TASK_MS);
}

function jsonOf(value: unknown): string {
  return value === undefined ? '' : goEscaped(JSON.stringify(value));
}
