import type { Random } from '../random.ts';
import { macPrefix } from './datacenter.ts';
import type { World } from './world.ts';

/**
 * A new address with the datacenter's prefix, or without one any that is locally administered (pve-behaviour 21). Like PVE
 * it does not look whether somebody has it.
 */
export function newMac(world: World, node: string, random: Random): string {
  const bytes = macPrefix(world, node)
    .split(':')
    .filter((byte) => byte !== '');
  if (bytes.length === 0) bytes.push(`${random.hex(1)}${'26AE'.charAt(random.below(4))}`.toUpperCase());
  while (bytes.length < 6) bytes.push(random.hex(2).toUpperCase());
  return bytes.join(':');
}
