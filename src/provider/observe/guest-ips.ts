// The guest's IP addresses as its agent tells them. Nobody waits for an agent that is silent: a probe runs on its own,
// and whoever asks gets what is known by now.
import { parseNet } from '#pve/codec/net';
import { PveError } from '#pve/errors';
import { slotsOf } from '#pve/codec/slot';
import { type GuestInterface, networkInterfaces } from '#pve/qemu/agent';
import type { VmAt } from '#pve/qemu/vm';
import { type Deadline, DeadlineError, deadlineIn } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { Agent } from '../view/vm-memory.ts';

/** After a start guests take seconds to minutes to come up; an agent that is silent for long is asked rarely. */
const SILENT_PAUSES_MS: readonly number[] = [2_000, 4_000, 8_000, 15_000, 30_000];
const SILENT_PAUSE_MS = 5 * 60_000;
const ANSWERED_PAUSE_MS = 30 * 60_000;
const QUEUED_PAUSE_MS = 30_000;
/** Real ms given to an agent that has not been silent yet: one that answers does so at once. */
const GLANCE_MS = 300;
/** Real ms, the queue included. PVE gives up on a silent agent after 3 to 5 s, and blocks a worker of the node for it. */
const PROBE_LIMIT_MS = 60_000;

/** The addresses known by now, in the order of our NICs; starts a probe where one is due. */
export async function guestIps(
  ctx: Context,
  vm: VmAt,
  values: Readonly<Record<string, string>>,
  call: Deadline,
): Promise<readonly string[]> {
  const { agent } = ctx.vms.of(vm.vmid);
  if (agent.probing === undefined && ctx.clock.now() >= agent.nextProbeAt) {
    agent.probing = probe(ctx, vm, agent, values).finally(() => {
      agent.probing = undefined;
    });
  }
  if (agent.probing !== undefined && agent.silentProbes === 0) await glance(agent.probing, call);
  return agent.ips;
}

async function glance(probing: Promise<void>, call: Deadline): Promise<void> {
  const patience = deadlineIn(GLANCE_MS, call.signal);
  const over = new Promise<void>((resolve) =>
    patience.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  await Promise.race([probing, over]);
  patience.dispose();
}

/** Never throws: what an agent does not tell is not told, and why is in the log. */
async function probe(ctx: Context, vm: VmAt, agent: Agent, values: Readonly<Record<string, string>>): Promise<void> {
  const call = deadlineIn(PROBE_LIMIT_MS);
  try {
    const lane = { key: `agent:${vm.node}`, width: 1 };
    const answer = await ctx.lanes.through([lane], call.signal, async () => await networkInterfaces(ctx.pve, vm, call));
    if (answer === 'silent' || answer === 'not-configured') return beSilent(ctx, agent);
    agent.ips = addressesOfNics(values, answer);
    agent.interfaces = interfacesOfNics(values, answer);
    agent.silentProbes = agent.ips.length === 0 ? agent.silentProbes + 1 : 0;
    agent.nextProbeAt = ctx.clock.now() + (agent.ips.length === 0 ? silentPauseMs(agent) : ANSWERED_PAUSE_MS);
  } catch (error) {
    // Once at most every silent pause, the longest of which is what a missing privilege soon comes to.
    const level = error instanceof PveError && error.status === 403 ? 'warn' : 'debug';
    ctx.log[level]('The guest agent cannot be asked', { vmid: vm.vmid, error });
    // Whoever was not asked in time was not silent.
    if (error instanceof DeadlineError) agent.nextProbeAt = ctx.clock.now() + QUEUED_PAUSE_MS;
    else beSilent(ctx, agent);
  } finally {
    call.dispose();
  }
}

function beSilent(ctx: Context, agent: Agent): void {
  agent.silentProbes++;
  agent.nextProbeAt = ctx.clock.now() + silentPauseMs(agent);
}

function silentPauseMs(agent: Agent): number {
  return SILENT_PAUSES_MS[agent.silentProbes - 1] ?? SILENT_PAUSE_MS;
}

/** The guest is off, or has just been changed: what it said before is void, and it is asked again soon. */
export function forgetIps(ctx: Context, agent: Agent): void {
  agent.ips = [];
  agent.interfaces = [];
  agent.silentProbes = 0;
  agent.nextProbeAt = ctx.clock.now();
}

/** Only addresses of interfaces that are our NICs count: the guest's bridges and containers have their own. */
export function addressesOfNics(
  values: Readonly<Record<string, string>>,
  interfaces: readonly GuestInterface[],
): string[] {
  const told = interfacesOfNics(values, interfaces);
  const addresses = told.flatMap((one) => one.addresses.map(({ address }) => address));
  return [...new Set(addresses.filter((address) => !isLinkLocal(address)))];
}

function interfacesOfNics(
  values: Readonly<Record<string, string>>,
  interfaces: readonly GuestInterface[],
): GuestInterface[] {
  const macs = slotsOf(values, 'net').map(({ value }) => parseNet(value)?.mac?.toUpperCase());
  return macs.flatMap((mac) => interfaces.filter((one) => mac !== undefined && one.mac === mac));
}

function isLinkLocal(address: string): boolean {
  return /^(169\.254\.|fe80:)/i.test(address);
}
