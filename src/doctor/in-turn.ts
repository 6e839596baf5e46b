import { createLanes } from '#runtime/lanes';
import type { Patient } from './patient.ts';

/** Requests of one question in flight, over all nodes: it has time, and others are waiting for PVE too. */
const AT_ONCE = 12;

/** Does `work` for each, a dozen at once. */
export async function inTurn<T, R>(
  { call }: Patient,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const lanes = createLanes();
  const lane = { key: 'all', width: AT_ONCE };
  return await Promise.all(
    items.map(async (item) => await lanes.through([lane], call.signal, async () => await work(item))),
  );
}
