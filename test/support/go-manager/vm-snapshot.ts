// VMSnapshot objects and their controller: it asks once, and takes every error for final.
import { type Connection, StatusError } from './client.ts';
import type { NextLook } from './reconcile.ts';
import type { Resolver } from './resolver.ts';
import type { Objects } from './virtual-machine.ts';

const AT_ONCE_MS = 0;
/** After an API server's refusal of a write. */
const CONFLICT_MS = 5;
const TASK_MS = 10_000;
const WAIT_MS = 30_000;
const FAILED_MS = 5 * 60_000;
const READY_MS = 3_600_000;

export interface VmSnapshotSpec {
  /** Name of the VirtualMachine. */
  readonly vm: string;
  readonly config?: { readonly name?: string; readonly description?: string; readonly includeMemory?: boolean };
}

export interface VmSnapshotStatus {
  readonly phase: '' | 'Creating' | 'Ready' | 'Deleting' | 'Failed';
  readonly snapshotId: string;
  readonly taskRef: string;
  readonly message: string;
}

export interface VmSnapshot {
  readonly name: string;
  readonly spec: VmSnapshotSpec;
  status: VmSnapshotStatus;
  deleting: boolean;
}

export type VmSnapshots = Map<string, VmSnapshot>;

export function newVmSnapshot(name: string, spec: VmSnapshotSpec): VmSnapshot {
  return { name, spec, status: { phase: '', snapshotId: '', taskRef: '', message: '' }, deleting: false };
}

export interface SnapshotParts {
  readonly resolver: Resolver;
  readonly vms: Objects;
  readonly removeSnapshot: (snapshot: VmSnapshot) => void;
  /** Whether an API server refuses this write, since somebody else has changed the object. */
  readonly conflicts: (kind: 'VMSnapshot', name: string, status: VmSnapshotStatus) => boolean;
}

interface Steps extends SnapshotParts {
  readonly snapshot: VmSnapshot;
  readonly vmId: string;
}

export async function reconcileSnapshot(parts: SnapshotParts, snapshot: VmSnapshot): Promise<NextLook> {
  const vmId = parts.vms.get(snapshot.spec.vm)?.status.id ?? '';
  const steps = { ...parts, snapshot, vmId };
  if (snapshot.deleting) return await finalise(steps);
  if (vmId === '') return write(steps, { message: 'waiting for the VM' }, WAIT_MS);
  switch (snapshot.status.phase) {
    case '':
      return await createSnapshot(steps);
    case 'Creating':
      return await checkCreation(steps);
    case 'Ready':
      return READY_MS;
    default:
      return FAILED_MS;
  }
}

/** Every write wakes the controller, which does not tell a status from a spec. */
function write({ snapshot, conflicts }: Steps, part: Partial<VmSnapshotStatus>, afterMs: number): number {
  const next = { ...snapshot.status, ...part };
  if (conflicts('VMSnapshot', snapshot.name, next)) return CONFLICT_MS;
  const isChanged = JSON.stringify(next) !== JSON.stringify(snapshot.status);
  snapshot.status = next;
  return isChanged ? AT_ONCE_MS : afterMs;
}

async function createSnapshot(steps: Steps): Promise<NextLook> {
  const { snapshot, vmId } = steps;
  const connection = await connectionOf(steps);
  // `Creating` without a task is what it takes for created at its next look.
  if (connection === undefined) return write(steps, { phase: 'Creating', message: 'no provider' }, WAIT_MS);
  const { config = {} } = snapshot.spec;
  const { name = '', description = '', includeMemory = false } = config;
  const request = { vmId, nameHint: name === '' ? snapshot.name : name, description, includeMemory };
  try {
    const { snapshotId, task } = await connection.call(
      'snapshotCreate',
      snapshot.name,
      async (client, options) => await client.snapshotCreate(request, options),
    );
    const taskRef = task?.id ?? '';
    return write(steps, { phase: taskRef === '' ? 'Ready' : 'Creating', snapshotId, taskRef, message: '' }, TASK_MS);
  } catch (error) {
    return failed(steps, error);
  }
}

async function checkCreation(steps: Steps): Promise<NextLook> {
  const { snapshot } = steps;
  const id = snapshot.status.taskRef;
  if (id === '') return write(steps, { phase: 'Ready', message: '' }, READY_MS);
  const connection = await connectionOf(steps);
  if (connection === undefined) return WAIT_MS;
  try {
    const { done, error } = await connection.call(
      'taskStatus',
      snapshot.name,
      async (client, options) => await client.taskStatus({ task: { id } }, options),
    );
    if (!done) return TASK_MS;
    return write(steps, { phase: error === '' ? 'Ready' : 'Failed', taskRef: '', message: error }, READY_MS);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return TASK_MS;
  }
}

/** Whatever the answer, and whether there is a task in it, the object goes. */
async function finalise(steps: Steps): Promise<NextLook> {
  const { snapshot, vmId, removeSnapshot } = steps;
  const { snapshotId } = snapshot.status;
  if (vmId !== '' && snapshotId !== '') {
    const connection = await connectionOf(steps);
    if (connection === undefined) return WAIT_MS;
    await connection
      .call(
        'snapshotDelete',
        snapshot.name,
        async (client, options) => await client.snapshotDelete({ vmId, snapshotId }, options),
      )
      .catch((error: unknown) => {
        if (!(error instanceof StatusError)) throw error;
      });
  }
  removeSnapshot(snapshot);
  return undefined;
}

async function connectionOf({ resolver, snapshot }: Steps): Promise<Connection | undefined> {
  return await resolver.resolve(snapshot.name).catch(() => undefined);
}

function failed(steps: Steps, error: unknown): number {
  if (!(error instanceof StatusError)) throw error;
  return write(steps, { phase: 'Failed', message: error.message }, FAILED_MS);
}
