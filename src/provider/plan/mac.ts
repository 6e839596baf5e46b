import type { Vmid } from '#pve/ids';

const NICS_BY_FORMULA = 16;
const PREFIX_BYTES = 3;

/**
 * The MAC of NIC `index` of a VM: the datacenter's prefix and (VMID x 16 + index) mod 2^24. The same on every retry,
 * and no two of a cluster are equal for VMIDs below 2^20. From NIC 16 on the numbers count down from the other end.
 * @param prefix up to three bytes, `BC:24:11`; a shorter one is padded with zero bytes.
 */
export function macFor(prefix: string, vmid: Vmid, index: number): string {
  const given = prefix
    .toUpperCase()
    .split(':')
    .filter((byte) => byte !== '')
    .slice(0, PREFIX_BYTES);
  const padded = [...given, ...Array<string>(PREFIX_BYTES - given.length).fill('00')];
  const number = index < NICS_BY_FORMULA ? vmid * NICS_BY_FORMULA + index : -(vmid * NICS_BY_FORMULA + index);
  const low = ((number % 2 ** 24) + 2 ** 24) % 2 ** 24;
  const bytes = [low >> 16, (low >> 8) & 0xff, low & 0xff].map((byte) =>
    byte.toString(16).toUpperCase().padStart(2, '0'),
  );
  return [...padded, ...bytes].join(':');
}
