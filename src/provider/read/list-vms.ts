// ListVMs: what a manager may take over. All of it or an error, since nothing in the answer could say that a part is
// missing. Costs one view, one list per node for the states of this moment, and one configuration per VM, which no list
// has; configurations are kept for a while.
import { judgeOwnership, type Ownership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import type { GuestEntry } from '#pve/cluster/resources';
import type { NodeName, Vmid } from '#pve/ids';
import { listNodeVms, type NodeVm } from '#pve/nodes/guests';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import { readStatus } from '#pve/qemu/status';
import { saidBy } from '#pve/said';
import type { Deadline } from '#runtime/deadline';
import { pooled } from '#runtime/pooled';
import type { Context } from '../context.ts';
import { toFault } from '../faults.ts';
import { addressesOfNics } from '../observe/guest-ips.ts';
import { vmSubject } from '../subject.ts';
import { atGuest } from '../view/cluster-view.ts';
import { powerState } from './power-state.ts';
import { type VmEntry, type VmHardware, vmHardware } from './vm-entry.ts';

/** Of the three requests that a node may be asked at once; the others are for whoever waits for a VM. */
const AT_ONCE_PER_NODE = 2;
const KEPT_MS = 5 * 60_000;
/** What no list has told yet: reading a large cluster may take longer than one call has. */
const UNTOLD_MS = 30 * 60_000;

/** What is kept of a configuration. */
interface Known {
  /** As its node showed the VM: what else may have changed with it. */
  readonly sight: string;
  readonly readAt: number;
  readonly hardware: VmHardware;
  /** Undefined for a VM that nobody may take over. */
  readonly claim: 'ready' | 'none' | undefined;
  readonly isUnfinished: boolean;
  readonly nicOptions: Readonly<Record<string, string>>;
}

interface Memory {
  readonly vms: Map<Vmid, Known>;
  /** When the last whole list was told, ms of the clock. */
  toldAt: number;
}

/** The state of a VM at this moment. */
type Sight = Pick<NodeVm, 'vmid' | 'status' | 'lock'> & { readonly node: NodeName };

/**
 * The VMs that are there to be taken over or are ours, by id: no templates, no containers, nothing that is being made or
 * taken away, and nothing of other instances, since these would refuse every call. Rejects with a Fault where a VM, or
 * the node it is on, cannot be read.
 */
export function createListVms(ctx: Context): (call: Deadline) => Promise<VmEntry[]> {
  const known: Memory = { vms: new Map(), toldAt: 0 };
  return async (call) =>
    // One list at a time: the second finds what the first has read.
    await ctx.lanes.through([{ key: 'list', width: 1 }], call.signal, async () => await listVms(ctx, known, call));
}

async function listVms(ctx: Context, known: Memory, call: Deadline): Promise<VmEntry[]> {
  const { guests } = await readView(ctx, call);
  const vms = [...guests.values()].filter(({ type }) => type === 'qemu');
  for (const vmid of known.vms.keys()) if (!guests.has(vmid)) known.vms.delete(vmid);
  const byNode = Map.groupBy(vms, ({ node }) => node);
  const entries = await Promise.all(
    [...byNode].map(async ([node, here]) => await listNode(ctx, known, node, here, call)),
  );
  const listed = entries.flat().sort((a, b) => a.vmid - b.vmid);
  known.toldAt = ctx.clock.now();
  ctx.log.debug('VMs listed', { vms: vms.length, listed: listed.length });
  return listed;
}

async function readView(ctx: Context, call: Deadline) {
  try {
    return await ctx.view.read(call, 0);
  } catch (error) {
    throw toFault(error, { subject: 'VMs', wanted: 'list' });
  }
}

async function listNode(
  ctx: Context,
  known: Memory,
  node: NodeName,
  guests: readonly GuestEntry[],
  call: Deadline,
): Promise<VmEntry[]> {
  const rows = new Map((await readNode(ctx, node, guests.length, call)).map((row) => [row.vmid, row]));
  const entries: VmEntry[] = [];
  await pooled(guests, AT_ONCE_PER_NODE, async (guest) => {
    try {
      const entry = await listGuest(ctx, known, guest, rows.get(guest.vmid), call);
      if (entry !== undefined) entries.push(entry);
    } catch (error) {
      throw toFault(error, { subject: vmSubject(guest), wanted: 'list' });
    }
  });
  return entries;
}

async function readNode(ctx: Context, node: NodeName, count: number, call: Deadline): Promise<readonly NodeVm[]> {
  try {
    return await listNodeVms(ctx.pve, node, call);
  } catch (error) {
    const subject = count === 1 ? `the VM on ${node}` : `the ${count} VMs on ${node}`;
    throw toFault(error, { subject, wanted: 'list' });
  }
}

/** Undefined for a VM that is not to be listed, or is gone. */
async function listGuest(
  ctx: Context,
  known: Memory,
  guest: GuestEntry,
  row: NodeVm | undefined,
  call: Deadline,
): Promise<VmEntry | undefined> {
  if (row?.template === true) return undefined;
  // It has left this node since the view was read.
  if (row === undefined) return await lookAgain(ctx, known, guest.vmid, call);
  const sight = JSON.stringify([
    guest.node,
    row.name,
    row.tags,
    row.cpus,
    row.maxMemoryBytes,
    row.maxDiskBytes,
    row.lock,
  ]);
  try {
    const kept = known.vms.get(guest.vmid);
    const vm = isCurrent(ctx, known, kept, sight, guest.vmid) ? kept : await readKnown(ctx, known, guest, sight, call);
    return vmEntry(ctx, { ...row, node: guest.node }, vm);
  } catch (error) {
    if (saidBy(error)?.kind !== 'vm-missing') throw error;
    return await lookAgain(ctx, known, guest.vmid, call);
  }
}

function isCurrent(
  ctx: Context,
  { toldAt }: Memory,
  kept: Known | undefined,
  sight: string,
  vmid: Vmid,
): kept is Known {
  if (kept === undefined || kept.sight !== sight) return false;
  const touchedAt = ctx.vms.peek(vmid)?.touchedAt;
  const ageMs = ctx.clock.now() - kept.readAt;
  const isYoung = ageMs < (kept.readAt > toldAt ? UNTOLD_MS : KEPT_MS);
  return isYoung && (touchedAt === undefined || touchedAt < kept.readAt);
}

async function readKnown(
  ctx: Context,
  known: Memory,
  guest: GuestEntry,
  sight: string,
  call: Deadline,
): Promise<Known> {
  const readAt = ctx.clock.now();
  const config = await readConfig(ctx.pve, guest, call);
  const vm = understand(ctx, guest.vmid, config, { sight, readAt });
  // What is locked or unfinished is another one soon, and its node may show it as before.
  if (config.lock === undefined && !vm.isUnfinished) known.vms.set(guest.vmid, vm);
  return vm;
}

async function lookAgain(ctx: Context, known: Memory, vmid: Vmid, call: Deadline): Promise<VmEntry | undefined> {
  known.vms.delete(vmid);
  return await atGuest({ pve: ctx.pve, view: ctx.view, vmid, call, maxAgeMs: 0 }, async (guest) => {
    if (guest.type !== 'qemu') return undefined;
    const [config, status] = await Promise.all([readConfig(ctx.pve, guest, call), readStatus(ctx.pve, guest, call)]);
    const vm = understand(ctx, vmid, config, { sight: '', readAt: ctx.clock.now() });
    return vmEntry(ctx, { ...guest, status: status.status, lock: config.lock }, vm);
  });
}

function understand(ctx: Context, vmid: Vmid, config: VmConfig, read: Pick<Known, 'sight' | 'readAt'>): Known {
  const { values } = config;
  const ownership = judgeOwnership(readClaim(values['description']), ctx.instance, vmid);
  const hardware = vmHardware(values);
  const nicOptions = Object.fromEntries(hardware.nics.map(({ name }) => [name, values[name] ?? '']));
  const claim = values['template'] === '1' ? undefined : claimWord(ownership, config);
  const isUnfinished = ownership.kind === 'ours' && ownership.claim.state !== 'ready';
  return { ...read, hardware, nicOptions, claim, isUnfinished };
}

/** Undefined where a manager is not to be told of the VM. */
function claimWord(ownership: Ownership, { lock }: VmConfig): Known['claim'] {
  // Gone but for its lock.
  if (lock === 'destroyed' || ownership.kind === 'foreign') return undefined;
  if (ownership.kind === 'ours') return ownership.claim.state === 'ready' ? 'ready' : undefined;
  // Perhaps a copy of ours that cannot show its claim yet: its create will tell of it.
  return lock === 'clone' || lock === 'create' ? undefined : 'none';
}

function vmEntry(ctx: Context, sight: Sight, { hardware, claim, nicOptions }: Known): VmEntry | undefined {
  if (claim === undefined) return undefined;
  const { vmid, node, status, lock } = sight;
  const state = powerState(sight);
  if (state === undefined) {
    const why = `PVE does not know its state ("${status}")`;
    throw new Fault('busy', { subject: vmSubject(sight), wanted: 'list', why, remedy: 'The next try asks again' });
  }
  const agent = state === 'On' ? ctx.vms.peek(vmid)?.agent : undefined;
  const addresses = hardware.nics.flatMap(({ name }) => {
    const [address] = addressesOfNics({ [name]: nicOptions[name] ?? '' }, agent?.interfaces ?? []);
    return address === undefined ? [] : [[name, address] as const];
  });
  const raw = { vmid: String(vmid), node, status, claim, ...(lock === undefined ? {} : { lock }) };
  return { ...hardware, vmid, powerState: state, ips: agent?.ips ?? [], addresses: new Map(addresses), raw };
}
