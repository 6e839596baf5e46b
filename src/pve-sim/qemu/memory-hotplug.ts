// Memory beyond what a guest boots with comes in DIMMs of growing size (pve-behaviour 11.7).
import { failure, parameterError, taskErrorText } from '../pve-error.ts';
import { parseProperties } from '../world/property-string.ts';
import { guestReleases, type Change } from './change.ts';
import { memoryMib } from './guest-status.ts';

export const BOOT_MEMORY_MIB = 1024;
const DIMMS_PER_SIZE = 32;
const SMALLEST_DIMM_MIB = 512;
/** With 40 bits of physical addresses, half of what they reach; the host's own CPU has more, and QEMU a limit of its own. */
const MAX_MEMORY_MIB = { usual: 524_288, host: 4_194_304 };
/** How often a guest is asked for a DIMM. */
const TRIES = 7;

interface Dimm {
  readonly name: string;
  readonly sizeMib: number;
  /** The guest's memory with this and all smaller ones. */
  readonly border: number;
}

/** The DIMMs of a guest with so much memory, rounded up to a border. */
export function dimmsFor(memory: number): Dimm[] {
  const dimms: Dimm[] = [];
  for (let border = BOOT_MEMORY_MIB; border < memory; ) {
    const sizeMib = SMALLEST_DIMM_MIB * 2 ** Math.floor(dimms.length / DIMMS_PER_SIZE);
    border += sizeMib;
    dimms.push({ name: `dimm${dimms.length}`, sizeMib, border });
  }
  return dimms;
}

/** What a guest gets that asks for so much. */
export function dimmBorder(memory: number): number {
  return dimmsFor(memory).at(-1)?.border ?? BOOT_MEMORY_MIB;
}

/**
 * Grows or shrinks the guest DIMM by DIMM; each step is in the config at once. Growing goes up to a border, shrinking
 * down to one (recording one-node/52).
 */
export async function plugMemory(change: Change, value: string): Promise<string> {
  const { config } = change.guest;
  const wanted = memoryMib({ memory: value });
  const before = memoryMib(config);
  if (wanted === before) return value;
  if (wanted < BOOT_MEMORY_MIB) {
    const place = 'at /usr/share/perl5/PVE/QemuServer/Memory.pm line 300.';
    throw failure(`memory can't be lower than ${BOOT_MEMORY_MIB} MB ${place}`);
  }
  const max = maxMemory(config);
  if (wanted > max) throw failure(`you cannot add more memory than max mem ${max} MB!`);
  if (wanted > before) await addDimms(change, before, wanted);
  else await removeDimms(change, before, wanted);
  return config['memory'] ?? value;
}

function maxMemory(config: Readonly<Record<string, string>>): number {
  const { cputype } = parseProperties(config['cpu'] ?? '', 'cputype');
  return cputype === 'host' || cputype === 'max' ? MAX_MEMORY_MIB.host : MAX_MEMORY_MIB.usual;
}

async function addDimms({ sim, process, guest }: Change, before: number, wanted: number): Promise<void> {
  for (const { border } of dimmsFor(wanted).filter((dimm) => dimm.border > before)) {
    await process.work(sim.durations.hotplugMs);
    guest.config['memory'] = String(border);
  }
}

/** The guest has to give each of them back. */
async function removeDimms(change: Change, before: number, wanted: number): Promise<void> {
  const { sim, process, guest } = change;
  for (const { name, sizeMib, border } of dimmsFor(before).toReversed()) {
    if (memoryMib(guest.config) <= wanted) return;
    let tries = 0;
    do {
      if (tries === TRIES) throw failure(taskErrorText(parameterError({ [name]: 'error unplug memory module' })));
      await process.wait(sim.durations.dimmReleaseMs);
      tries += 1;
    } while (!guestReleases(change));
    guest.config['memory'] = String(border - sizeMib);
  }
}
