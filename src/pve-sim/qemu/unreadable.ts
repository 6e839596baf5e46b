// A blank is what an empty value reads back as; no urlencoded text, so PVE drops such `sshkeys` when it reads the config.
// The line stays in the file, and in the digest, until the next change (recording one-node/31).
import type { Guest } from '../world/world.ts';

export function isReadable(key: string, value: string): boolean {
  return key !== 'sshkeys' || value !== ' ';
}

export function forgetUnreadable(guest: Guest): void {
  for (const options of [guest.config, guest.pending]) {
    for (const [key, value] of Object.entries(options)) if (!isReadable(key, value)) delete options[key];
  }
}
