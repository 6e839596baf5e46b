interface VmidRange {
  readonly low: number;
  readonly high: number;
}

const LOWEST = 100;
const HIGHEST = 999_999_999;

/** With fewer ids than this the slots of different VMs meet too often. */
const COMFORTABLE = 1_000;

export function isNarrow(range: VmidRange): boolean {
  return range.high - range.low + 1 < COMFORTABLE;
}

/** `100000-999999`; throws an Error saying what is wrong with it. */
export function parseVmidRange(text: string): VmidRange {
  const match = /^(\d+)\s*-\s*(\d+)$/.exec(text.trim());
  const range = { low: Number(match?.[1]), high: Number(match?.[2]) };
  if (match === null || range.low > range.high) throw new Error(`"${text}" is not a range such as 100000-999999`);
  if (range.low < LOWEST || range.high > HIGHEST) {
    throw new Error(`"${text}" is not within the VMIDs PVE accepts, ${LOWEST}-${HIGHEST}`);
  }
  return range;
}
