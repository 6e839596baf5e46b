import { ownerKey } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { createVm } from './create.ts';
import { type CreateOrder, createFault } from './create-order.ts';
import { createHandover, type Handover, type LongCopy } from './handover.ts';

export interface CreateOutcome {
  readonly vmid: Vmid;
  /** The copy that is still running; undefined when the VM is ready. */
  readonly running: LongCopy | undefined;
}

/** The creates of this process: one at a time per owner, and those that outlive their calls. */
export interface CreateRuns {
  /** Throws a Fault. */
  create(order: CreateOrder, call: Deadline): Promise<CreateOutcome>;
  /** Whether a create of this VM goes on in this process. */
  isRunning(vmid: Vmid): boolean;
}

interface LongRun {
  readonly digest: string;
  readonly copy: LongCopy;
}

export function createCreateRuns(ctx: Context): CreateRuns {
  const long = new Map<string, LongRun>();

  async function create(order: CreateOrder, call: Deadline): Promise<CreateOutcome> {
    const key = ownerKey(order.owner);
    const known = long.get(key);
    if (known?.digest === order.digest) return { vmid: known.copy.vmid, running: known.copy };
    const handover = createHandover();
    const lane = { key: `owner:${key}`, width: 1 };
    const whole = ctx.lanes.through([lane], call.signal, async () => await createVm(ctx, order, call, handover));
    const outcome = await Promise.race([
      whole.then((vmid) => ({ vmid, running: undefined })),
      handover.happened.then((copy) => ({ vmid: copy.vmid, running: copy })),
    ]).catch((error: unknown) => {
      throw createFault(error, order);
    });
    if (outcome.running !== undefined) follow(key, order, outcome.running, whole, handover);
    return outcome;
  }

  function follow(key: string, order: CreateOrder, copy: LongCopy, whole: Promise<Vmid>, handover: Handover): void {
    long.set(key, { digest: order.digest, copy });
    whole
      .catch((error: unknown) => ctx.log.error('A create has failed after its call', { vm: order.spec.name, error }))
      .finally(() => {
        long.delete(key);
        handover.dispose();
      });
  }

  return {
    create,
    isRunning: (vmid) => [...long.values()].some((run) => run.copy.vmid === vmid),
  };
}
