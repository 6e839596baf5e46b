import type { Random } from '../random.ts';
import { macPrefix } from './datacenter.ts';
import type { World } from './world.ts';

/** A new address with the datacenter's prefix (pve-behaviour 21). Like PVE it does not look whether somebody has it. */
export function newMac(world: World, random: Random): string {
  const bytes = macPrefix(world)
    .split(':')
    .filter((byte) => byte !== '');
  while (bytes.length < 6) bytes.push(random.hex(2).toUpperCase());
  return bytes.join(':');
}
