/** As logs and the HA manager write a moment: `2025-11-02 10:11:12`. All hosts are in UTC. */
export function localTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
