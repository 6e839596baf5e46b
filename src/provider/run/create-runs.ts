import { Fault } from '#domain/fault';
import type { Vmid } from '#pve/ids';
import { type Deadline, deadlineIn } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { type CreateOrder, createFault } from '../create-order.ts';
import { isForGood } from '../faults.ts';
import { vmSubject } from '../subject.ts';
import { createBackOff } from './back-off.ts';
import { createVm } from './create.ts';
import { CopyIsGone } from './create-faults.ts';
import { patience } from './patience.ts';
import { createRunTime, type LongCopy, type RunTime } from './run-time.ts';

export interface CreateOutcome {
  readonly vmid: Vmid;
  /** The copy that is still running; undefined when the VM is ready. */
  readonly running: LongCopy | undefined;
}

/** The creates of this process: one at a time per owner, and those that outlive their calls. */
export interface CreateRuns {
  /** Throws a Fault. @param onBegun hears of what is there and is being finished, where anything is before it is ready */
  run(order: CreateOrder, call: Deadline, onBegun?: (vmid: Vmid) => void): Promise<CreateOutcome>;
  /** Finishes, without a call, what somebody has copied. */
  goOn(order: CreateOrder, copy: LongCopy): void;
  /** Whether a run that has outlived its call is at work on the VM. */
  isAtWork(vmid: Vmid): boolean;
  /** Why a run that had outlived its call has ended without success, for the VM of this incarnation. */
  failureOf(vmid: Vmid, incarnation: string): string | undefined;
}

/** A create that has outlived its call. */
interface LongRun {
  readonly digest: string;
  readonly copy: LongCopy;
  /** Ms of the clock. */
  readonly begunAt: number;
  /** Ends it where it is; what it has made is there for whoever comes next. */
  stop(): void;
}

/** So long a request is believed to be wanted still, where no uid tells that a new one replaces it. */
const REPLACED_AFTER_MS = 15 * 60_000;

export function createCreateRuns(ctx: Context): CreateRuns {
  const long = new Map<string, LongRun>();
  const backOff = createBackOff(ctx.clock);
  /** By VMID and incarnation. */
  const failures = new Map<string, string>();

  /** Begins a run; what comes of it is told to the back-off. */
  function begin(order: CreateOrder, call: Deadline): Begun {
    const key = keyOf(order);
    const stop = new AbortController();
    const begunAt = ctx.clock.now();
    const time = createRunTime(call, AbortSignal.any([ctx.stopping, stop.signal]), order.kind === 'clone');
    const lane = { key: `owner:${key}`, width: 1 };
    const whole = ctx.lanes
      .through([lane], time.deadline.signal, async () => await createToTheEnd(ctx, order, time))
      .then(
        (vmid) => {
          backOff.succeeded(key);
          return vmid;
        },
        (error: unknown) => {
          const fault = createFault(error, order);
          if (isForGood(fault)) backOff.failed(key, wishOf(order), fault);
          throw fault;
        },
      );
    whole.then(time.dispose, time.dispose);
    return { time, whole, begunAt, stop: () => stop.abort(replaced(order)) };
  }

  function keep(order: CreateOrder, { whole, begunAt, stop }: Begun, copy: LongCopy): void {
    const key = keyOf(order);
    const run = { digest: order.digest, copy, begunAt, stop };
    long.set(key, run);
    void follow(ctx, order, copy, whole, failures).finally(() => {
      if (long.get(key) === run) long.delete(key);
    });
  }

  async function run(
    order: CreateOrder,
    call: Deadline,
    onBegun: (vmid: Vmid) => void = () => undefined,
  ): Promise<CreateOutcome> {
    const key = keyOf(order);
    backOff.check(key, wishOf(order));
    const known = long.get(key);
    if (known?.digest === order.digest) return { vmid: known.copy.vmid, running: known.copy };
    if (known !== undefined) replace(ctx, order, known);
    const begun = begin(order, call);
    void begun.time.begun.then(onBegun);
    const outcome = await Promise.race([
      begun.whole.then((vmid) => ({ vmid, running: undefined })),
      begun.time.handedOver.then((copy) => ({ vmid: copy.vmid, running: copy })),
    ]);
    if (outcome.running !== undefined) keep(order, begun, outcome.running);
    return outcome;
  }

  return {
    run,
    goOn: (order, copy) => {
      if (long.has(keyOf(order))) return;
      const call = deadlineIn(BEGINNING_MS, ctx.stopping);
      const begun = begin(order, call);
      begun.time.copying(copy);
      begun.time.handOver();
      call.dispose();
      keep(order, begun, copy);
    },
    failureOf: (vmid, incarnation) => failures.get(`${vmid}.${incarnation}`),
    isAtWork: (vmid) => [...long.values()].some(({ copy }) => copy.vmid === vmid),
  };
}

/** For a run that is handed over at once, and then has its own time. */
const BEGINNING_MS = 60_000;

interface Begun {
  readonly time: RunTime;
  readonly whole: Promise<Vmid>;
  /** Ms of the clock. */
  readonly begunAt: number;
  readonly stop: () => void;
}

function keyOf({ kind, key }: CreateOrder): string {
  return `${kind}:${key}`;
}

/** What has to change for another try at once. An image from another URL is the same one, and may get through. */
function wishOf({ digest, image }: CreateOrder): string {
  return image === undefined ? digest : [digest, image.url, image.diskFormat, ...image.formats].join(' ');
}

/** Stops a run whose request is no longer the owner's last. Throws where that cannot be known yet. */
function replace(ctx: Context, order: CreateOrder, known: LongRun): void {
  if (order.owner.uid === undefined && ctx.clock.now() - known.begunAt <= REPLACED_AFTER_MS) {
    throw new Fault('busy', {
      subject: vmSubject({ name: order.spec.name, vmid: known.copy.vmid }),
      wanted: 'create',
      why: 'it is being made from another request',
      remedy: 'Wait until it is made, or delete it',
    });
  }
  known.stop();
}

function replaced(order: CreateOrder): Fault {
  const subject = vmSubject({ name: order.spec.name });
  return new Fault('busy', { subject, wanted: 'create', why: 'its owner has changed the request' });
}

async function follow(
  ctx: Context,
  order: CreateOrder,
  copy: LongCopy,
  whole: Promise<Vmid>,
  failures: Map<string, string>,
): Promise<void> {
  try {
    await whole;
  } catch (error) {
    ctx.vms.of(copy.vmid).createHasFailed = true;
    failures.set(`${copy.vmid}.${copy.incarnation}`, createFault(error, order).message);
    ctx.log.error('A create has failed after its call', { vm: order.spec.name, vmid: copy.vmid, error });
  }
}

/** Nobody waits for it any more, so what is gone is not made again; what is a mistake of ours stays one. */
function isHopeless({ kind }: CreateOrder, fault: Fault): boolean {
  // What is wrong with a download may be mended where it comes from, and the manager never forgets a task that failed.
  if (kind === 'image' && isForGood(fault)) return false;
  return fault instanceof CopyIsGone || fault.kind === 'internal' || isForGood(fault);
}

const RARELY = { firstMs: 30_000, longestMs: 5 * 60_000 };

/** A run that has outlived its call, and a clone, has nobody to repeat it: it goes on after everything that may pass. */
async function createToTheEnd(ctx: Context, order: CreateOrder, time: RunTime): Promise<Vmid> {
  const vm = order.spec.name;
  const tell = (error: Error): void => ctx.log.warn('A create goes on after trouble', { vm, error });
  const retry = patience(ctx.clock, time.deadline, tell);
  const rarely = patience(ctx.clock, time.deadline, tell, RARELY);
  for (;;) {
    try {
      return await createVm(ctx, order, time);
    } catch (error) {
      const fault = createFault(error, order);
      // A clone is asked for once: what may pass within its call is waited for, credentials that are changed too.
      const mayPassSoon = fault.kind === 'busy' || fault.kind === 'unauthenticated';
      const mayWait = time.isHandedOver || (order.kind === 'clone' && mayPassSoon);
      if (!mayWait || isHopeless(order, fault)) throw fault;
      await (isForGood(fault) ? rarely : retry).pause(fault);
    }
  }
}
