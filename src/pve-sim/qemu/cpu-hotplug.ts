// Virtual CPUs of a running guest (pve-behaviour 11.5, 28.10): plugged one by one, taken back one by one if the guest agrees.
import { failure, parameterError, taskErrorText } from '../pve-error.ts';
import { type Change, untilReleased } from './change.ts';
import { maxCpus } from './guest-status.ts';

/** @param value undefined is all there can be. @throws why it failed */
export async function plugVcpus(change: Change, value: number | undefined): Promise<true> {
  const { sim, process, guest } = change;
  const limit = maxCpus(guest.config);
  const wanted = value ?? limit;
  if (wanted > limit) throw failure("you can't add more vcpus than maxcpus");
  for (let count = vcpusOf(change, limit); count > wanted; count = vcpusOf(change, limit))
    await unplugLast(change, count);
  const missing = wanted - vcpusOf(change, limit);
  for (let plugged = 0; plugged < missing; plugged += 1) await process.work(sim.durations.hotplugMs);
  return true;
}

function vcpusOf({ guest }: Change, limit: number): number {
  return Number(guest.config['vcpus'] ?? limit);
}

async function unplugLast(change: Change, count: number): Promise<void> {
  const { sim, process, guest } = change;
  await untilReleased(change, taskErrorText(parameterError({ vcpus: `error unplugging cpu${count}` })));
  await process.work(sim.durations.hotplugMs);
  guest.config['vcpus'] = String(count - 1);
}
