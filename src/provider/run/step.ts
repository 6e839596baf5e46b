import { formatSize } from '#pve/codec/size';
import { updateConfig } from '#pve/qemu/config';
import { resizeDisk } from '#pve/qemu/resize';
import type { VmAt } from '#pve/qemu/vm';
import { uploadIso } from '#pve/storage/upload';
import { requireSuccess } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { Step } from '../plan/plan.ts';

/** One call of PVE per step, its task included. `digest` is that of the configuration the step was planned on. */
export async function runStep(ctx: Context, vm: VmAt, step: Step, digest: string, call: Deadline): Promise<void> {
  await callFor(ctx, vm, step, digest, call);
  ctx.log.debug('Step done', { vmid: vm.vmid, step: step.kind });
}

async function callFor(ctx: Context, vm: VmAt, step: Step, digest: string, call: Deadline): Promise<void> {
  switch (step.kind) {
    case 'upload-iso':
      await uploadIso(ctx.pve, { node: vm.node, storage: step.storage }, step.fileName, step.bytes, call);
      return;
    case 'configure':
      requireSuccess(await updateConfig(ctx.pve, vm, { digest, set: step.set, delete: step.delete }, call));
      return;
    case 'destroy':
      requireSuccess(await updateConfig(ctx.pve, vm, { digest, destroy: step.drives }, call));
      return;
    case 'resize': {
      const size = formatSize(step.sizeBytes);
      requireSuccess(await resizeDisk(ctx.pve, vm, { disk: step.disk, size, digest }, call));
    }
  }
}
