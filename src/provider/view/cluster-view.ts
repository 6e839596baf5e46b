// What we know of the whole cluster, read once for everybody. It is a view: filtered by our rights, up to eleven
// seconds behind in names and states, and not monotonic (pve-behaviour 7, 26). Not seeing a VM proves nothing.
import { type GuestEntry, listResources, type NodeSight, type StorageSight } from '#pve/cluster/resources';
import type { Pve } from '#pve/connection/pve';
import type { NodeName, Vmid } from '#pve/ids';
import { saidBy } from '#pve/said';
import { type Cached, cached } from '#runtime/cached';
import type { Deadline } from '#runtime/deadline';

export interface Snapshot {
  /** ms of the clock. */
  readonly takenAt: number;
  readonly guests: ReadonlyMap<Vmid, GuestEntry>;
  readonly nodes: ReadonlyMap<NodeName, NodeSight>;
  /** One entry for each node that has it. */
  readonly storages: readonly StorageSight[];
}

export type ClusterView = Cached<Snapshot>;

const FETCH_LIMIT_MS = 30_000;

export function createClusterView(pve: Pve): ClusterView {
  return cached(pve.clock, FETCH_LIMIT_MS, async (call) => {
    const takenAt = pve.clock.now();
    const { guests, nodes, storages } = await listResources(pve, call);
    return {
      takenAt,
      guests: new Map(guests.map((guest) => [guest.vmid, guest])),
      nodes: new Map(nodes.map((node) => [node.name, node])),
      storages,
    };
  });
}

/** How often a VM is looked for, and the pause between: it may be on its way to another node. */
const LOOKS = 3;
const LOOK_PAUSE_MS = 250;

/** The guest as the view shows it now; undefined after three looks 250 ms apart. */
export async function locate(pve: Pve, view: ClusterView, vmid: Vmid, call: Deadline): Promise<GuestEntry | undefined> {
  return await atGuest({ pve, view, vmid, call, maxAgeMs: 0 }, async (guest) => await Promise.resolve(guest));
}

export interface Whereabouts {
  readonly pve: Pve;
  readonly view: ClusterView;
  readonly vmid: Vmid;
  readonly call: Deadline;
  /** How old the view may be at the first look. */
  readonly maxAgeMs: number;
}

/**
 * Does `work` where the guest is, and looks for it again where PVE no longer has it there. Undefined where the view
 * does not show it; throws PVE's own not-found where it does and no node has it.
 * @param work gets the guest and when the view was taken, ms of the clock.
 */
export async function atGuest<T>(
  { pve, view, vmid, call, maxAgeMs }: Whereabouts,
  work: (guest: GuestEntry, takenAt: number) => Promise<T>,
): Promise<T | undefined> {
  let gone: unknown;
  for (let look = 1; look <= LOOKS; look++) {
    if (look > 1) await pve.clock.sleep(LOOK_PAUSE_MS, call.signal);
    const snapshot = await view.read(call, look === 1 ? maxAgeMs : 0);
    const guest = snapshot.guests.get(vmid);
    gone = undefined;
    if (guest === undefined) continue;
    try {
      return await work(guest, snapshot.takenAt);
    } catch (error) {
      if (saidBy(error)?.kind !== 'vm-missing') throw error;
      gone = error;
    }
  }
  if (gone !== undefined) throw gone;
  return undefined;
}
