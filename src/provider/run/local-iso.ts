// An ISO on a node's own storage holds the VM on that node, and HA exists to move it.
import { Fault } from '#domain/fault';
import { readStatus } from '#pve/qemu/status';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import type { Plan } from '../plan/plan.ts';
import { vmSubject } from '../subject.ts';

/**
 * Throws `busy` for a VM that somebody has put under HA while it was made, and whose ISO would be local. Nothing of it is
 * taken away, as it would be for a `precondition`: PVE does not let us remove what HA manages, and once that is mended
 * the next try goes on.
 */
export async function refuseLocalIsoUnderHa(
  ctx: Context,
  order: CreateOrder,
  vm: VmAt,
  { steps, warnings }: Plan,
  call: Deadline,
): Promise<void> {
  const uploads = steps.some((step) => step.kind === 'upload-iso' && !step.shared);
  if (!uploads && !warnings.includes('local-iso')) return;
  if (!(await readStatus(ctx.pve, vm, call)).haManaged) return;
  throw new Fault('busy', {
    subject: vmSubject({ name: order.spec.name, ...vm }),
    wanted: 'create',
    why: 'HA manages it, and its cloud-init ISO would be on the own storage of its node, so that HA could not move it',
    remedy:
      'Give a shared storage the content type "iso" (PVE_ISO_STORAGE names one), or take the VM out of HA for as long as the ISO is in its drive',
  });
}
