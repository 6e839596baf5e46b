// One reconcile of a VirtualMachine, step by step as VirtRigaud's controller takes them, its defects included: a task
// that has failed is never forgotten, a Delete's task is not waited for, and a finalizer goes where nobody could be asked.
import { status } from '@grpc/grpc-js';
import { PowerOp } from '#rpc/contract';
import { type Connection, StatusError } from './client.ts';
import { createPayload, reconfigurePayload, wantedResources } from './payload.ts';
import { type FinalizerReason, type ManagerRecord, recordId } from './record.ts';
import type { Resolver } from './resolver.ts';
import { ensureImage, imageParts, type VmImage, type VmImages } from './vm-image.ts';
import { type DesiredPower, statusRefusal, type VirtualMachine, type VirtualMachineStatus } from './virtual-machine.ts';

const AGAIN_MS = 5_000;
const STEADY_MS = 10_000;
const DELETE_AGAIN_MS = 15_000;
/** The manager's own; it ignores the object's. */
const GRACEFUL_SECONDS = 60;

/** When to look at the object again, ms; undefined when it is gone. */
export type NextLook = number | undefined;

export interface ReconcileParts {
  readonly resolver: Resolver;
  readonly record: ManagerRecord;
  readonly images: VmImages;
  /** Whether the Provider was said to import images when somebody asked it, which is done once. */
  readonly importsImages: (connection: Connection) => Promise<boolean>;
  /** Takes the object away. */
  readonly removeObject: (vm: VirtualMachine) => void;
  /** Whether this write of a status does not arrive; nobody notices. */
  readonly losesWrite: (vm: VirtualMachine, status: VirtualMachineStatus) => boolean;
}

type Change = Partial<VirtualMachineStatus>;

export async function reconcile(parts: ReconcileParts, vm: VirtualMachine): Promise<NextLook> {
  if (vm.deleting) return await finalise(parts, vm);
  const read = vm.status;
  let draft = read;
  const change = (part: Change): void => {
    draft = { ...draft, ...part };
  };
  const image = parts.images.get(vm.spec.imageRef ?? '');
  const steps = { vm, image, change, record: parts.record, status: () => draft };
  try {
    const connection = await parts.resolver.resolve(vm.name);
    if (image !== undefined && !(await ensureImage(image, connection, await parts.importsImages(connection)))) {
      change({ isReady: false, message: `image ${image.name} is not prepared` });
      return AGAIN_MS;
    }
    return await converge({ ...steps, connection });
  } catch (error) {
    change({ isReady: false, message: (error as Error).message });
    return AGAIN_MS;
  } finally {
    // Whoever else has written meanwhile has made ours a conflict.
    if (vm.status === read) writeStatus(parts, vm, draft);
  }
}

/** A write that fails is not tried again: the next reconcile begins with what was there before. */
function writeStatus(parts: ReconcileParts, vm: VirtualMachine, draft: VirtualMachineStatus): void {
  const refusal = statusRefusal(draft);
  if (refusal !== undefined) parts.record.refusedWrites.push(`${vm.name}: ${refusal}`);
  else if (draft !== vm.status && !parts.losesWrite(vm, draft)) vm.status = draft;
}

interface Steps {
  readonly vm: VirtualMachine;
  readonly image: VmImage | undefined;
  readonly connection: Connection;
  readonly record: ManagerRecord;
  readonly status: () => VirtualMachineStatus;
  readonly change: (part: Change) => void;
}

async function converge(steps: Steps): Promise<NextLook> {
  const { vm, status, change } = steps;
  if (!(await isTaskOver(steps, 'lastTaskRef'))) return AGAIN_MS;
  if (!(await isTaskOver(steps, 'reconfigureTaskRef'))) return AGAIN_MS;
  if (status().id === '') return vm.adopted ? AGAIN_MS : await createVm(steps);
  if (!(await describeVm(steps))) return await createVm(steps);
  const wantedPower = vm.spec.powerState ?? 'On';
  if (status().powerState !== wantedPower) return await changePower(steps, wantedPower);
  if (await reconfigure(steps)) return AGAIN_MS;
  change({ isReady: true, message: '' });
  return STEADY_MS;
}

/** Throws where the task has failed, and keeps its id: it is asked again for ever. */
async function isTaskOver(steps: Steps, ref: 'lastTaskRef' | 'reconfigureTaskRef'): Promise<boolean> {
  const { vm, connection, status, change } = steps;
  const id = status()[ref];
  if (id === '') return true;
  const { done, error } = await connection.call(
    'taskStatus',
    vm.name,
    async (client, options) => await client.taskStatus({ task: { id } }, options),
  );
  if (error !== '') throw new Error(`Failed to check task: ${error}`);
  // What the class says by now is taken for what was asked for then.
  if (done) change(ref === 'lastTaskRef' ? { [ref]: '' } : { [ref]: '', currentResources: wantedResources(vm) });
  return done;
}

async function createVm(steps: Steps): Promise<NextLook> {
  const { vm, connection, record, change } = steps;
  if (!vm.hasImage) throw new Error('either imageRef or importedDisk must be specified');
  const answer = await connection.call(
    'create',
    vm.name,
    async (client, options) => await client.create(createPayload(withImage(steps)), options),
  );
  if (answer.id !== '') recordId(record, vm.name, answer.id);
  change({
    id: answer.id,
    lastTaskRef: answer.task?.id ?? '',
    currentResources: wantedResources(vm),
    isReady: false,
    message: 'Creating',
  });
  return AGAIN_MS;
}

/** False where there is no such VM any more: it is then created in the same reconcile. */
async function describeVm({ vm, connection, record, status, change }: Steps): Promise<boolean> {
  const { id } = status();
  const answer = await connection.call(
    'describe',
    vm.name,
    async (client, options) => await client.describe({ id }, options),
  );
  if (answer.exists) {
    const { powerState, ips, providerRawJson } = answer;
    change({ powerState, ips, provider: JSON.parse(providerRawJson) as Record<string, string> });
    return true;
  }
  record.saidMissing.push({ name: vm.name, id });
  change({ id: '' });
  return false;
}

/** As it goes over the wire. */
function withImage({ vm, image }: Steps): VirtualMachine {
  return image === undefined ? vm : { ...vm, spec: { ...vm.spec, image: imageParts(image) } };
}

const POWER_OPS: Readonly<Record<DesiredPower, PowerOp>> = {
  On: PowerOp.ON,
  Off: PowerOp.OFF,
  OffGraceful: PowerOp.SHUTDOWN_GRACEFUL,
};

async function changePower({ vm, connection, status, change }: Steps, wanted: DesiredPower): Promise<NextLook> {
  const { id } = status();
  const request = {
    id,
    op: POWER_OPS[wanted],
    gracefulTimeoutSeconds: wanted === 'OffGraceful' ? GRACEFUL_SECONDS : 0,
  };
  const { task } = await connection.call(
    'power',
    vm.name,
    async (client, options) => await client.power(request, options),
  );
  change({ lastTaskRef: task?.id ?? '', isReady: false, message: `Power ${wanted}` });
  return AGAIN_MS;
}

/** Whether a change was asked for. What was asked is taken for done; adopted VMs have nothing to compare with. */
async function reconfigure(steps: Steps): Promise<boolean> {
  const { vm, connection, status, change } = steps;
  const { id, currentResources: current } = status();
  const wanted = wantedResources(vm);
  if (current === undefined || (current.cpu === wanted.cpu && current.memoryMib === wanted.memoryMib)) return false;
  const { task } = await connection.call(
    'reconfigure',
    vm.name,
    async (client, options) =>
      await client.reconfigure({ id, desiredJson: reconfigurePayload(withImage(steps)) }, options),
  );
  const isRunning = (task?.id ?? '') !== '';
  change(isRunning ? { reconfigureTaskRef: task?.id ?? '' } : { currentResources: wanted });
  return true;
}

async function finalise(parts: ReconcileParts, vm: VirtualMachine): Promise<NextLook> {
  const { id } = vm.status;
  const drop = (why: FinalizerReason): NextLook => {
    parts.record.finalizers.push({ name: vm.name, id, why });
    parts.removeObject(vm);
    return undefined;
  };
  const connection = await parts.resolver.resolve(vm.name).catch(() => undefined);
  if (connection === undefined) return drop('provider-unresolved');
  if (id === '') return drop('never-created');
  try {
    // A task in the answer would be written to the log, and the finalizer go all the same.
    await connection.call('delete', vm.name, async (client, options) => await client.delete({ id }, options));
    return drop('deleted');
  } catch (error) {
    if (error instanceof StatusError && error.code === status.NOT_FOUND) return drop('not-found');
    writeStatus(parts, vm, { ...vm.status, isReady: false, message: (error as Error).message });
    return DELETE_AGAIN_MS;
  }
}
