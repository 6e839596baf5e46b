// What we know of the whole cluster, read once for everybody. It is a view: filtered by our rights, up to eleven
// seconds behind in names and states, and not monotonic (pve-behaviour 7, 26). Not seeing a VM proves nothing.
import { type GuestEntry, listGuests } from '#pve/cluster/resources';
import type { Pve } from '#pve/connection/pve';
import type { Vmid } from '#pve/ids';
import { type Cached, cached } from '#runtime/cached';
import type { Deadline } from '#runtime/deadline';

export interface Snapshot {
  /** ms of the clock. */
  readonly takenAt: number;
  readonly guests: ReadonlyMap<Vmid, GuestEntry>;
}

export type ClusterView = Cached<Snapshot>;

const FETCH_LIMIT_MS = 30_000;

export function createClusterView(pve: Pve): ClusterView {
  return cached(pve.clock, FETCH_LIMIT_MS, async (call) => {
    const takenAt = pve.clock.now();
    const guests = await listGuests(pve, call);
    return { takenAt, guests: new Map(guests.map((guest) => [guest.vmid, guest])) };
  });
}

/** Where to look again for a VM that is missing: it may be on its way to another node. */
const LOCATE_TRIES = 3;
const LOCATE_PAUSE_MS = 250;

/** The guest as the view shows it now; undefined after three looks 250 ms apart. */
export async function locate(pve: Pve, view: ClusterView, vmid: Vmid, call: Deadline): Promise<GuestEntry | undefined> {
  for (let look = 1; ; look++) {
    const guest = (await view.read(call, 0)).guests.get(vmid);
    if (guest !== undefined || look === LOCATE_TRIES) return guest;
    await pve.clock.sleep(LOCATE_PAUSE_MS, call.signal);
  }
}
