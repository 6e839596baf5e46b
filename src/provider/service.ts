// The table of what this provider does: a row per RPC. What has no row answers Unimplemented by name.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import type { DescribeResponseSchema, Provider } from '#rpc/contract';
import { encodeRawJson } from '#rpc/payload/describe';
import { decodeImagePrepare } from '#rpc/payload/image-prepare';
import { decodeImportDisk } from '#rpc/payload/import-disk';
import { encodeVmList } from '#rpc/payload/vm-list';
import type { CallContext, Handlers } from '#rpc/service';
import type { Deadline } from '#runtime/deadline';
import { encodeDiskInfo, encodeImport, encodeVmEntry } from './answer.ts';
import { capabilities } from './capabilities.ts';
import { decodeCloneOrder, encodeCloneOutcome, inWordsOfClone } from './clone-request.ts';
import type { Context } from './context.ts';
import { toFault } from './faults.ts';
import { encodeImageOutcome, inWordsOfImage } from './image-request.ts';
import { type Description, describeVm } from './read/describe.ts';
import { describeOwned } from './read/describe-owned.ts';
import { readDiskInfo } from './read/disk-info.ts';
import { diskOf, readExistingImage } from './read/existing-image.ts';
import { createListVms } from './read/list-vms.ts';
import { judgeTask } from './read/task-done.ts';
import { createValidate } from './read/validate.ts';
import {
  decodeCreateOrder,
  decodeHardwareOrder,
  decodePowerOrder,
  decodeReconfigureOrder,
  decodeVmid,
  encodeCreateOutcome,
  ownerMeant,
} from './request.ts';
import { exportFault } from './refusals.ts';
import { createCreateRuns } from './run/create-runs.ts';
import { deleteVm } from './run/delete.ts';
import { deleteOwned } from './run/delete-owned.ts';
import { upgradeHardware } from './run/hardware-upgrade.ts';
import { prepareImage } from './run/images/prepare.ts';
import { importDisk } from './run/imports/import-disk.ts';
import { changeVmPower } from './run/power.ts';
import { reconfigureVm } from './run/reconfigure.ts';
import { createSnapshot } from './run/snapshots/create.ts';
import { removeSnapshot, type SnapshotReference } from './run/snapshots/delete.ts';
import { revertToSnapshot } from './run/snapshots/revert.ts';
import { decodeSnapshotOrder, decodeSnapshotReference, encodeSnapshot, encodeTask } from './snapshot-requests.ts';
import { vmSubject } from './subject.ts';

export function providerService(ctx: Context): Handlers<typeof Provider> {
  const runs = createCreateRuns(ctx);
  const validate = createValidate(ctx);
  const listVms = createListVms(ctx);
  const changed = async <T>(object: VmObject, wanted: string, call: CallContext, run: () => Promise<T>): Promise<T> =>
    await audited(ctx, call, object, mutateVm(ctx, object.vmid, wanted, call.deadline, run));
  return {
    validate: async (_request, { deadline }) => await validate(deadline),
    getCapabilities: async () => await Promise.resolve(capabilities),
    create: async (request, call) => {
      const order = decodeCreateOrder(request, call.owner);
      return encodeCreateOutcome(await audited(ctx, call, { vm: order.spec.name }, runs.run(order, call.deadline)));
    },
    listVMs: async (_request, { deadline }) => encodeVmList({ vms: (await listVms(deadline)).map(encodeVmEntry) }),
    getDiskInfo: async (request, { deadline, owner }) => {
      const query = { vmid: decodeVmid(request.vmId, 'vm_id'), disk: request.diskId, snapshot: request.snapshotId };
      return encodeDiskInfo(await about(query.vmid, 'tell of a disk', readDiskInfo(ctx, query, owner, deadline)));
    },
    describe: async ({ id }, { deadline, owner }) => {
      const whose = ownerMeant(id, owner);
      if (whose !== undefined)
        return encodeDescription(await aboutOwner(whose, 'describe', describeOwned(ctx, runs, whose, deadline)));
      const vmid = decodeVmid(id);
      return encodeDescription(await about(vmid, 'describe', describeVm(ctx, runs, vmid, owner, deadline)));
    },
    power: async (request, call) => {
      const order = { ...decodePowerOrder(request), askedSecondsAgo: call.askedSecondsAgo };
      const run = async (): Promise<void> => await changeVmPower(ctx, order, call.owner, call.deadline);
      await changed({ vmid: order.vmid, op: order.op }, 'change power', call, run);
      return {};
    },
    reconfigure: async (request, call) => {
      const order = decodeReconfigureOrder(request);
      const run = async (): Promise<void> => await reconfigureVm(ctx, order, call.owner, call.deadline);
      await changed({ vmid: order.vmid }, 'reconfigure', call, run);
      return {};
    },
    hardwareUpgrade: async (request, call) => {
      const order = decodeHardwareOrder(request);
      const run = async (): Promise<void> => await upgradeHardware(ctx, order, call.owner, call.deadline);
      await changed({ vmid: order.vmid, target: order.target }, 'upgrade the hardware', call, run);
      return {};
    },
    importDisk: async (request, call) => {
      const order = decodeImportDisk(request);
      const { target, storage, format } = order;
      return encodeImport(await audited(ctx, call, { target, storage, format }, importDisk(ctx, order, call.deadline)));
    },
    imagePrepare: async (request, call) => {
      const image = decodeImagePrepare(request);
      try {
        if (image.kind === 'existing') {
          const { id, path } = await readExistingImage(ctx, image, call.deadline);
          return { preparedImageId: id, preparedImagePath: path };
        }
        const work = prepareImage(ctx, runs, image, call.deadline);
        const outcome = await audited(ctx, call, { image: image.target }, work);
        const path = outcome.isReady ? await diskOf(ctx, outcome.vmid, call.deadline) : '';
        return encodeImageOutcome(outcome, path);
      } catch (error) {
        const fault = toFault(error, { subject: `image ${request.targetName}`, wanted: 'prepare' });
        throw inWordsOfImage(fault, image.kind === 'existing' ? image.field : undefined);
      }
    },
    exportDisk: async ({ vmId }) => await Promise.reject(exportFault(vmId)),
    delete: async ({ id }, call) => {
      const remove = async (vmid: Vmid): Promise<void> => {
        const run = async (): Promise<void> => await deleteVm(ctx, vmid, call.owner, call.deadline);
        await changed({ vmid }, 'delete', call, run);
      };
      const whose = ownerMeant(id, call.owner);
      if (whose === undefined) await remove(decodeVmid(id));
      else await aboutOwner(whose, 'delete', deleteOwned(ctx, whose, call.deadline, remove));
      return {};
    },
    clone: async (request, call) => {
      try {
        const order = decodeCloneOrder(request, call.owner, call.objectUid);
        const object = { vm: order.spec.name, source: order.clone?.source };
        return encodeCloneOutcome(await audited(ctx, call, object, runs.run(order, call.deadline)));
      } catch (error) {
        throw inWordsOfClone(error);
      }
    },
    snapshotCreate: async (request, call) => {
      const order = decodeSnapshotOrder(request, call.objectUid);
      const run = async () => await createSnapshot(ctx, order, call.owner, call.deadline);
      return encodeSnapshot(await changed({ vmid: order.vmid, snapshot: order.hint }, 'snapshot', call, run));
    },
    snapshotDelete: async (request, call) => {
      const order = decodeSnapshotReference(request, call.objectUid);
      const run = async () => await removeSnapshot(ctx, order, call.owner, call.deadline);
      return { task: encodeTask('snapdelete', await changed(named(order), 'delete a snapshot', call, run)) };
    },
    snapshotRevert: async (request, call) => {
      const reference = decodeSnapshotReference(request, call.objectUid);
      const order = { ...reference, askedSecondsAgo: call.askedSecondsAgo };
      const run = async () => await revertToSnapshot(ctx, order, call.owner, call.deadline);
      return { task: encodeTask('revert', await changed(named(order), 'revert to a snapshot', call, run)) };
    },
    taskStatus: async ({ task }, { deadline }) => await judgeTask(ctx, runs, task?.id ?? '', deadline),
  };
}

/** What is changed, as the audit names it. */
type VmObject = Readonly<Record<string, unknown>> & { readonly vmid: Vmid };

function named({ vmid, id }: SnapshotReference): VmObject {
  return { vmid, snapshot: id };
}

/** One change of a VM at a time; the others wait in the order they came. */
async function mutateVm<T>(
  ctx: Context,
  vmid: Vmid,
  wanted: string,
  { signal }: Deadline,
  run: () => Promise<T>,
): Promise<T> {
  return await about(vmid, wanted, ctx.lanes.through([{ key: `vm:${vmid}`, width: 1 }], signal, run));
}

/** Whatever goes wrong is told of the VM it was about. */
async function about<T>(vmid: Vmid, wanted: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toFault(error, { subject: vmSubject({ vmid }), wanted });
  }
}

async function aboutOwner<T>({ name }: Owner, wanted: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toFault(error, { subject: vmSubject({ name }), wanted });
  }
}

/** A line of the log for every change somebody asked for, and what came of it. */
async function audited<T>(
  ctx: Context,
  call: CallContext,
  object: Record<string, unknown>,
  work: Promise<T>,
): Promise<T> {
  const fields = { method: call.method, ...object, by: call.peer, owner: call.owner.uid ?? call.owner.namespace };
  try {
    const result = await work;
    ctx.log.info('audit', { ...fields, outcome: 'done' });
    return result;
  } catch (error) {
    ctx.log.info('audit', { ...fields, outcome: 'refused', error });
    throw error;
  }
}

function encodeDescription(vm: Description | undefined): MessageInitShape<typeof DescribeResponseSchema> {
  if (vm === undefined) return { exists: false };
  const { powerState, ips, consoleUrl, raw } = vm;
  return { exists: true, powerState, ips: [...ips], consoleUrl, providerRawJson: encodeRawJson(raw) };
}
