import type { Inside } from './inside.ts';
import type { Machine } from './shell.ts';

export function hostName({ guest, system }: Inside): string {
  return system.hostname ?? guest.config['name'] ?? 'localhost';
}

/** The guest as its programs see it. */
export function machineOf(inside: Inside): Machine {
  const { guest, system } = inside;
  guest.files ??= {};
  const kernel = system.kernel['kernel-release'] ?? '';
  return { hostname: hostName(inside), kernel, files: guest.files, programs: system.programs };
}
