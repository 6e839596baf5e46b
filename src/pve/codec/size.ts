// Sizes as PVE writes them: `32G`, `10752M`, `528K`, plain bytes (pve-behaviour 21).

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes; undefined if it is no size. Units are upper-case, decimals are cut to whole bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:([KMGT])(?:iB)?)?$/.exec(text);
  if (match === null) return undefined;
  const [, digits, unit = ''] = match;
  return Math.floor(Number(digits) * (UNITS[unit] ?? 1));
}

/** The largest unit that divides the bytes exactly. */
export function formatSize(bytes: number): string {
  const unit = ['T', 'G', 'M', 'K'].find((name) => bytes > 0 && bytes % (UNITS[name] ?? 1) === 0) ?? '';
  return `${bytes / (UNITS[unit] ?? 1)}${unit}`;
}
