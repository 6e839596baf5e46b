// CPUs and memory that PVE has plugged are the guest's only once it has brought them online, which its agent tells
// (pve-behaviour 28.10). What is taken away has been given back by the guest itself.
import { parseAgent } from '#pve/codec/agent';
import { type AgentSilence, onlineCpus, onlineMemoryMib } from '#pve/qemu/agent';
import { PveError } from '#pve/errors';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { ClaimedVm } from '../observe/claimed-vm.ts';
import { coresOf } from '../plan/hot-add.ts';
import type { Values } from '../plan/wish.ts';

/** A guest that does so at all does it within a second or two. */
const LOOKS = 3;
const LOOK_PAUSE_MS = 1_000;

interface Plugged {
  /** As it is told: `8 CPUs`. */
  readonly what: string;
  readonly wanted: number;
  readonly ask: typeof onlineCpus;
}

/** Remembers, for Describe to tell, what was plugged between two readings of a VM that runs and the guest does not show. */
export async function confirmPlugged(ctx: Context, before: ClaimedVm, after: ClaimedVm, call: Deadline): Promise<void> {
  const plugged = pluggedBetween(before.config.values, after.config.values);
  if (before.status.status !== 'running' || after.status.status !== 'running' || plugged.length === 0) return;
  const missing: string[] = [];
  for (const each of plugged) {
    const shown = await shownBy(ctx, after, each, call);
    if (typeof shown === 'number' && shown >= each.wanted) continue;
    missing.push(`${each.what} (${typeof shown === 'number' ? `it shows ${shown}` : 'its agent does not answer'})`);
  }
  const { vmid } = after.guest;
  ctx.vms.of(vmid).unconfirmed =
    missing.length === 0 ? undefined : { what: missing.join(', '), askedAt: ctx.clock.now() };
  ctx.log.info('Plugged into the running guest', {
    vmid,
    plugged: plugged.map(({ what }) => what),
    confirmed: missing.length === 0,
  });
}

function pluggedBetween(before: Values, after: Values): Plugged[] {
  const cpus = cpusIn(after);
  const memory = memoryIn(after);
  return [
    ...(cpus > cpusIn(before) ? [{ what: `${cpus} CPUs`, wanted: cpus, ask: onlineCpus }] : []),
    ...(memory > memoryIn(before) ? [{ what: `${memory} MiB`, wanted: memory, ask: onlineMemoryMib }] : []),
  ];
}

const cpusIn = (values: Values): number => Number(values['vcpus'] ?? coresOf(values));
const memoryIn = (values: Values): number => Number.parseInt((values['memory'] ?? '512').replace('current=', ''), 10);

async function shownBy(
  ctx: Context,
  { guest, config }: ClaimedVm,
  { wanted, ask }: Plugged,
  call: Deadline,
): Promise<number | AgentSilence> {
  if (parseAgent(config.values['agent'] ?? '0')?.enabled !== true) return 'not-configured';
  try {
    const lane = { key: `agent:${guest.node}`, width: 1 };
    for (let look = 1; ; look++) {
      const shown = await ctx.lanes.through([lane], call.signal, async () => await ask(ctx.pve, guest, call));
      if (typeof shown === 'string' || shown >= wanted || look === LOOKS) return shown;
      await ctx.clock.sleep(LOOK_PAUSE_MS, call.signal);
    }
  } catch (error) {
    // What has been changed has been changed, whether or not anybody can be asked about it.
    const level = error instanceof PveError && error.status === 403 ? 'warn' : 'debug';
    ctx.log[level]('The guest agent cannot be asked', { vmid: guest.vmid, error });
    return 'silent';
  }
}
