import { invalidSpec } from '#domain/fault';
import { slotsOf } from '#pve/codec/slot';
import { parseProperties } from '#pve/codec/property-string';
import { BOOT_MEMORY_MIB, dimmBorder } from '#pve/rules/dimms';
import { type Facet, optionChanges } from '../facet.ts';
import { hotplugFeatures, isMemoryHotAdd } from '../hot-add.ts';
import type { Have, Wish } from '../wish.ts';

const HOT_ADD = 'class_json.PerformanceProfile.MemoryHotAddEnabled';
const LIMITS = 'class_json.ResourceLimits';

/**
 * MiB. What can be plugged comes in DIMMs, so it is rounded up to one of their borders, as PVE does at the start. The
 * balloon gives a guest its reservation at least; one above the memory is refused by PVE, so it comes down with it.
 */
export const memory: Facet = {
  name: 'memory',
  live: [
    { change: 'memory, where hot-add was prepared', live: 'hot', note: 'in DIMMs; less as the guest agrees' },
    { change: 'memory, where it was not', live: 'restart' },
    { change: 'the memory reservation (balloon)', live: 'hot', note: 'to or from 0 at the next start' },
  ],
  diff: (wish, have) => {
    const wanted = wantedMib(wish, have);
    const { memoryReservationMib: reservation, memoryLimitMib: limit } = wish.spec.size.limits;
    refuseMoreThanNode(wish, have, wanted);
    refuseOtherThanLaidOut(have, wanted);
    if (limit !== undefined && limit < wanted) throw belowMemory(limit, wanted);
    if (reservation !== undefined && reservation > wanted) throw aboveMemory(reservation, wanted);
    const balloon = Number(have.values['balloon'] ?? 0);
    const current = /^(?:current=)?(\d+)/.exec(have.values['memory'] ?? '')?.[1];
    return optionChanges(have, {
      ...(current === String(wanted) ? {} : { memory: String(wanted) }),
      ...(reservation !== undefined ? { balloon: String(reservation) } : {}),
      ...(reservation === undefined && balloon > wanted ? { balloon: String(wanted) } : {}),
      ...(isMemoryHotAdd(wish) ? { numa: '1' } : {}),
    });
  },
};

function wantedMib(wish: Wish, have: Have): number {
  const asked = wish.spec.size.memoryMib;
  if (!isMemoryHotAdd(wish)) return isPrepared(have) ? plugged(asked) : asked;
  if (asked < BOOT_MEMORY_MIB) {
    const why = `a guest whose memory can be added to begins with ${BOOT_MEMORY_MIB} MiB, and ${asked} MiB are asked for`;
    throw invalidSpec(HOT_ADD, why, `Ask for ${BOOT_MEMORY_MIB} MiB or more`);
  }
  const nodes = slotsOf(have.values, 'numa').map(({ key }) => key);
  if (nodes.length > 0) {
    const why = `the template lays out its NUMA nodes itself (${nodes.join(', ')}), where PVE adds no memory`;
    throw invalidSpec(HOT_ADD, why, 'Leave it out, or use another template');
  }
  return dimmBorder(asked);
}

/** PVE would take it and then not start the VM. */
function refuseMoreThanNode({ site }: Wish, { node }: Have, wanted: number): void {
  const most = site.host.nodeMemoryMib;
  if (most === undefined || wanted <= most) return;
  const why = `node ${node} has ${most} MiB, and no VM with more starts there`;
  throw invalidSpec('class_json.MemoryMiB', why, `Ask for ${most} MiB or less, or allow a larger node`);
}

/** A VM whose NUMA nodes do not add up to its memory does not start, and how to divide it nobody here can know. */
function refuseOtherThanLaidOut({ values }: Have, wanted: number): void {
  if (values['numa'] !== '1') return;
  const nodes = slotsOf(values, 'numa');
  const sizes = nodes.map(({ value }) => Number(parseProperties(value)?.['memory'] ?? 0));
  const sum = sizes.reduce((all, size) => all + size, 0);
  if (sum === 0 || sum === wanted) return;
  const why = `NUMA nodes are laid out by hand (${nodes.map(({ key }) => key).join(', ')}) for ${sum} MiB, and with ${wanted} MiB the VM would not start`;
  throw invalidSpec('class_json.MemoryMiB', why, `Ask for ${sum} MiB, or change the NUMA nodes in PVE first`);
}

/** A VM in use whose memory can be added to, whatever its class says now. */
function isPrepared({ inUse, values }: Have): boolean {
  return inUse !== undefined && values['numa'] === '1' && hotplugFeatures(values).includes('memory');
}

function plugged(asked: number): number {
  if (asked >= BOOT_MEMORY_MIB) return dimmBorder(asked);
  const why = `the VM's memory can be added to, so that it begins with ${BOOT_MEMORY_MIB} MiB, and ${asked} MiB are asked for`;
  throw invalidSpec('class_json.MemoryMiB', why, `Ask for ${BOOT_MEMORY_MIB} MiB or more`);
}

function belowMemory(limit: number, memoryMib: number): Error {
  const why = `${limit} MiB is less than the ${memoryMib} MiB of the VM, which is its limit on PVE`;
  return invalidSpec(`${LIMITS}.MemoryLimitMiB`, why, 'Leave it out, or make MemoryMiB smaller');
}

function aboveMemory(reservation: number, memoryMib: number): Error {
  const why = `${reservation} MiB is more than the ${memoryMib} MiB of the VM`;
  return invalidSpec(`${LIMITS}.MemoryReservationMiB`, why, `Ask for ${memoryMib} MiB or less`);
}
