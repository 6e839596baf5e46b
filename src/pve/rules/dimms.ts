// Memory that can be added while a guest runs comes in DIMMs of growing size on top of what it boots with
// (pve-behaviour 11.7).

/** MiB a guest with pluggable memory boots with: it cannot have less. */
export const BOOT_MEMORY_MIB = 1024;
const SMALLEST_DIMM_MIB = 512;
const DIMMS_OF_A_SIZE = 32;

/** The least memory, MiB, of at least `memoryMib` that DIMMs can make up; PVE itself rounds up to it at the start. */
export function dimmBorder(memoryMib: number): number {
  let border = BOOT_MEMORY_MIB;
  for (let dimm = 0; border < memoryMib; dimm++) {
    border += SMALLEST_DIMM_MIB * 2 ** Math.floor(dimm / DIMMS_OF_A_SIZE);
  }
  return border;
}
