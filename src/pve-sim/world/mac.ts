import type { Random } from '../random.ts';
import { macPrefix } from './datacenter.ts';
import type { World } from './world.ts';

/** A new address with the datacenter's prefix that no guest of the cluster has (pve-behaviour 21). */
export function newMac(world: World, random: Random): string {
  const taken = Object.values(world.guests).flatMap((guest) => Object.values(guest.config));
  for (;;) {
    const bytes = macPrefix(world)
      .split(':')
      .filter((byte) => byte !== '');
    while (bytes.length < 6) bytes.push(random.hex(2).toUpperCase());
    const mac = bytes.join(':');
    if (!taken.some((value) => value.includes(mac))) return mac;
  }
}
