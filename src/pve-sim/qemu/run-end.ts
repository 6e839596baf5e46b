// The end of a QEMU process, and waiting for it.
import type { Guest, GuestRun } from '../world/world.ts';

const waiting = new WeakMap<GuestRun, PromiseWithResolvers<void>>();

/** The process is gone, by whatever way; pending changes stay pending (pve-behaviour 11.8). */
export function endRun(guest: Guest): void {
  const { run } = guest;
  guest.run = undefined;
  if (run !== undefined) waiting.get(run)?.resolve();
}

/** Settles when the process ends by `endRun`. */
export async function runEnded(run: GuestRun): Promise<void> {
  const known = waiting.get(run) ?? Promise.withResolvers<void>();
  waiting.set(run, known);
  await known.promise;
}
