import type { FaultKind } from '#domain/fault';
import { ownerKey } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { type CreateOrder, createFault } from '../create-order.ts';
import { createVm } from './create.ts';
import { patience } from './patience.ts';
import { createRunTime, type LongCopy, type RunTime } from './run-time.ts';

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
    const time = createRunTime(call, ctx.stopping);
    const lane = { key: `owner:${key}`, width: 1 };
    const whole = ctx.lanes.through([lane], time.deadline.signal, async () => await createToTheEnd(ctx, order, time));
    try {
      const outcome = await Promise.race([
        whole.then((vmid) => ({ vmid, running: undefined })),
        time.handedOver.then((copy) => ({ vmid: copy.vmid, running: copy })),
      ]);
      if (outcome.running !== undefined) follow(key, order, outcome.running, whole);
      return outcome;
    } catch (error) {
      throw createFault(error, order);
    } finally {
      whole.then(time.dispose, time.dispose);
    }
  }

  function follow(key: string, order: CreateOrder, copy: LongCopy, whole: Promise<Vmid>): void {
    long.set(key, { digest: order.digest, copy });
    whole
      .catch((error: unknown) => {
        ctx.vms.of(copy.vmid).createHasFailed = true;
        ctx.log.error('A create has failed after its call', { vm: order.spec.name, vmid: copy.vmid, error });
      })
      .finally(() => long.delete(key));
  }

  return {
    create,
    isRunning: (vmid) => [...long.values()].some((run) => run.copy.vmid === vmid),
  };
}

/** Trying again cannot help with these. */
const FOR_GOOD: ReadonlySet<FaultKind> = new Set([
  'invalid-spec',
  'already-exists',
  'not-found',
  'unsupported',
  'internal',
]);

/** A run that has outlived its call has nobody to repeat it: it goes on after everything that may pass. */
async function createToTheEnd(ctx: Context, order: CreateOrder, time: RunTime): Promise<Vmid> {
  const vm = order.spec.name;
  const retry = patience(ctx.clock, time.deadline, (error) =>
    ctx.log.warn('A create goes on after trouble', { vm, error }),
  );
  for (;;) {
    try {
      return await createVm(ctx, order, time);
    } catch (error) {
      const fault = createFault(error, order);
      if (!time.isHandedOver || FOR_GOOD.has(fault.kind)) throw fault;
      await retry.pause(fault);
    }
  }
}
