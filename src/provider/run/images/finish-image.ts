// From a VM without a disk to a template: file, disk, base image, and the claim `ready` as the last write. Every round begins
// with what PVE has, so that it does not matter who did what before.
import { type Claim, describeWithClaim } from '#claim/record';
import { withoutImageTodo } from '#claim/image-todo';
import { formatBoot } from '#pve/codec/boot';
import { formatDrive, parseDrive } from '#pve/codec/drive';
import type { NodeName, Vmid } from '#pve/ids';
import { activeTasks } from '#pve/nodes/tasks';
import { putConfig, updateConfig } from '#pve/qemu/config';
import { convertToTemplate } from '#pve/qemu/template';
import type { VmAt } from '#pve/qemu/vm';
import { canCopy, isBaseImage } from '#pve/rules/copying';
import { saidBy } from '#pve/said';
import { requireSuccess, TaskStillRunning, waitForTask } from '#pve/tasks';
import type { Context } from '../../context.ts';
import { type CreateOrder, createFault } from '../../create-order.ts';
import { mayPass } from '../../faults.ts';
import { imageAsDecided } from '../../image-request.ts';
import { observeOwn, type OwnReading, Unsettled } from '../../observe/own-vm.ts';
import type { WarningCode } from '../../plan/facet.ts';
import { locateOrGiveUp, type Unfinished } from '../finish.ts';
import { patience } from '../patience.ts';
import { joinPool } from '../pool.ts';
import type { RunTime } from '../run-time.ts';
import { deleteImageFile, fetchImageFile, type Wanted } from './download.ts';
import { renewTodo } from './renew-todo.ts';

const DISK = 'scsi0';

interface Run {
  readonly order: CreateOrder;
  readonly incarnation: string;
  readonly time: RunTime;
  /** A task of PVE's may be at work on the VM. */
  mayBeBusy: boolean;
  /** Somebody else has begun it, from a request that may have been another one. */
  mayDiffer: boolean;
  /** What this run has had fetched. */
  fetched: Wanted | undefined;
  /** Drives of a template that were not made base images at once. */
  readonly tried: Set<string>;
}

export async function finishImage(
  ctx: Context,
  order: CreateOrder,
  { vm: { vmid, node: seenOn }, incarnation, isResumed }: Unfinished,
  time: RunTime,
): Promise<Vmid> {
  const { deadline: call } = time;
  const tell = (reason: Error): void => ctx.log.info('Trying again', { image: order.spec.name, reason });
  const retry = patience(ctx.clock, call, tell);
  const run: Run = {
    order,
    incarnation,
    time,
    mayBeBusy: isResumed,
    mayDiffer: isResumed,
    fetched: undefined,
    tried: new Set(),
  };
  let node: NodeName | undefined = seenOn;
  // From here on the call may be left: whoever asks again, or for the task, finds what there is by then.
  time.copying({ vmid, incarnation, upid: undefined });
  try {
    for (;;) {
      try {
        node ??= await locateAgain(ctx, run, vmid);
        if (await advance(ctx, run, { node, vmid })) return vmid;
      } catch (error) {
        run.mayBeBusy = true;
        if (error instanceof TaskStillRunning && !call.signal.aborted) time.handOver();
        else if (!mayPass(error, 'digest-mismatch', 'vm-missing') && !(error instanceof Unsettled)) {
          throw createFault(error, order, { vmid, ...(node === undefined ? {} : { node }) });
        }
        if (saidBy(error)?.kind === 'vm-missing') node = undefined;
        await retry.pause(createFault(error, order, { vmid }));
      } finally {
        ctx.vms.touch(vmid);
      }
    }
  } finally {
    time.copying(undefined);
  }
}

/** Throws where it is gone, and takes the file along that was fetched for it. */
async function locateAgain(ctx: Context, { order, time, fetched }: Run, vmid: Vmid): Promise<NodeName> {
  try {
    return await locateOrGiveUp(ctx, order, vmid, time.deadline);
  } catch (error) {
    if (fetched !== undefined && !time.deadline.signal.aborted) {
      await deleteImageFile(ctx, fetched, time.deadline, 'coming').catch((reason: unknown) => {
        ctx.log.warn('The file of an image is left behind; "vrtg orphans" lists it', { vmid, error: reason });
      });
    }
    throw error;
  }
}

/** One step. @returns whether the template is ready */
async function advance(ctx: Context, run: Run, vm: VmAt): Promise<boolean> {
  const { order, incarnation, time } = run;
  const call = time.deadline;
  if (run.mayBeBusy) await waitForOthers(ctx, vm, run);
  const own = await observeOwn(ctx, order, vm, incarnation, call);
  if (own.claim.state === 'ready') {
    // Somebody else was faster, and may have deleted the file before this run had it fetched once more.
    if (run.fetched !== undefined) await deleteImageFile(ctx, run.fetched, call, 'coming');
    return true;
  }
  const image = imageAsDecided(order, own.config.values['description'], incarnation);
  const { importStorage = '' } = image.place ?? {};
  const wanted: Wanted = { vm, incarnation, image, importStorage };
  const { values } = own.config;
  if (values[DISK] === undefined) {
    if (run.mayDiffer) {
      run.mayDiffer = false;
      if (await renewTodo(ctx, order, vm, own, call)) return false;
    }
    // Outside of the VM's lane: whoever deletes it need not wait for a download.
    run.fetched = wanted;
    const file = await fetchImageFile(ctx, wanted, time);
    await inLane(ctx, vm, run, async () => await importDisk(ctx, run, vm, file));
    return false;
  }
  if (await convert(ctx, run, vm, own)) return false;
  const isGone = await deleteImageFile(ctx, wanted, call, 'coming');
  await joinPool(ctx, order, vm, call);
  await inLane(ctx, vm, run, async () => await markReady(ctx, vm, own, isGone ? [] : ['image-file-left'], run));
  ctx.log.info('Prepared an image', { image: order.spec.name, ...vm });
  return true;
}

async function inLane(ctx: Context, { vmid }: VmAt, { time }: Run, work: () => Promise<void>): Promise<void> {
  await ctx.lanes.through([{ key: `vm:${vmid}`, width: 1 }], time.deadline.signal, work);
}

/** A task whose answer was lost, or that somebody else has begun. */
async function waitForOthers(ctx: Context, { node, vmid }: VmAt, run: Run): Promise<void> {
  const { deadline: call } = run.time;
  const active = (await activeTasks(ctx.pve, node, call)).filter(({ id }) => id === String(vmid));
  for (const { upid } of active) await waitForTask(ctx.pve, upid, call);
  run.mayBeBusy = false;
}

/** The disk, a cloud-init drive beside it, and what the guest boots from, in one call of PVE. */
async function importDisk(ctx: Context, { order, incarnation, time }: Run, vm: VmAt, file: string): Promise<void> {
  const call = time.deadline;
  // Once more, now that nothing else of ours is at it.
  const { config } = await observeOwn(ctx, order, vm, incarnation, call);
  if (config.values[DISK] !== undefined) return;
  const { place, diskFormat } = imageAsDecided(order, config.values['description'], incarnation);
  const storage = place?.storage ?? '';
  const format = diskFormat === undefined ? {} : { format: diskFormat };
  const set = {
    [DISK]: formatDrive({ file: `${storage}:0`, rest: { iothread: '1', ...format, 'import-from': file } }),
    ide2: `${storage}:cloudinit`,
    boot: formatBoot({ order: [DISK] }),
  };
  requireSuccess(await updateConfig(ctx.pve, vm, { digest: config.digest, set }, call));
}

/** @returns whether something had to be done: what has come of it the next look tells */
async function convert(ctx: Context, run: Run, vm: VmAt, { config: { values } }: OwnReading): Promise<boolean> {
  const call = run.time.deadline;
  const { file = '' } = parseDrive(values[DISK] ?? '') ?? {};
  const isTemplate = values['template'] === '1';
  if (isTemplate && (isBaseImage(file) || run.tried.has(DISK) || !(await canBeBase(ctx, file, run)))) return false;
  // A worker that dies after the flag leaves the disk as it was.
  if (isTemplate) run.tried.add(DISK);
  const disk = isTemplate ? DISK : undefined;
  await inLane(ctx, vm, run, async () => {
    // PVE has no digest for this: whatever has the id by then becomes a template for good.
    await observeOwn(ctx, run.order, vm, run.incarnation, call);
    try {
      for (const warning of requireSuccess(await convertToTemplate(ctx.pve, vm, call, disk)))
        ctx.log.warn('PVE warns', { ...vm, operation: 'template', warning });
    } catch (error) {
      // Of two that are at it one is told that it is a template already.
      const { config } = await observeOwn(ctx, run.order, vm, run.incarnation, call);
      if (isTemplate || config.values['template'] !== '1') throw error;
    }
  });
  return true;
}

async function canBeBase(ctx: Context, volume: string, { time }: Run): Promise<boolean> {
  const { storages } = await ctx.view.read(time.deadline, VIEW_MAX_AGE_MS);
  const type = storages.find(({ storage }) => volume.startsWith(`${storage}:`))?.type ?? '';
  return canCopy(type, volume, 'linked', 'base');
}

const VIEW_MAX_AGE_MS = 60_000;

/** Only on the very configuration that was found complete. */
async function markReady(
  ctx: Context,
  vm: VmAt,
  { claim, text, config: { digest } }: OwnReading,
  news: readonly WarningCode[],
  { time }: Run,
): Promise<void> {
  const warnings = [...new Set([...(claim.warnings ?? []), ...news])];
  const ready: Claim = {
    ...claim,
    state: 'ready',
    time: ctx.pve.serverTime() ?? claim.time,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  const description = describeWithClaim(withoutImageTodo(text), ready, 'refuse');
  await putConfig(ctx.pve, vm, { digest, set: { description } }, time.deadline);
}
