/** How long to leave alone what has failed so many times in a row: 0.2 s doubled each time up to half a minute, not all at once. */
export function backOffMs(failures: number, random: () => number, longestMs = 30_000): number {
  const ms = Math.min(longestMs, 200 * 2 ** Math.min(failures - 1, 20));
  return ms * (0.5 + random() / 2);
}
