// Disk sizes as PVE reads and prints them: the largest unit that divides exactly (pve-behaviour 21, golden vectors).

const UNITS = ['', 'K', 'M', 'G', 'T'] as const;
const FACTOR = 1024;
export const GIB = 1024 ** 3;
export const MIB = 1024 ** 2;
export const KIB = 1024;

/** Bytes, or undefined where the text is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:([KMGT])(?:iB)?)?$/.exec(text);
  if (match === null) return undefined;
  const unit = UNITS.indexOf((match[2] ?? '') as (typeof UNITS)[number]);
  return Math.ceil(Number(match[1]) * FACTOR ** unit);
}

export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value % FACTOR === 0 && unit < UNITS.length - 1) {
    value /= FACTOR;
    unit += 1;
  }
  return `${value}${UNITS[unit]}`;
}
