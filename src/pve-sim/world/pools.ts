// Who is in which pool.
import type { World } from './world.ts';

/** The pool of each guest that is in one: a guest is in one at most. */
export function poolsByGuest(world: World): ReadonlyMap<number, string> {
  return new Map(Object.values(world.pools).flatMap(({ id, vms }) => vms.map((vmid): [number, string] => [vmid, id])));
}
