import { isNodeDown, PveError } from '#pve/errors';
import type { GuestEntry } from '#pve/cluster/resources';
import type { NodeName, Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import { inTurn } from '../in-turn.ts';
import type { Patient } from '../patient.ts';
import { type Unseen, unseen } from '../unseen.ts';

export interface GuestReadings {
  readonly configs: ReadonlyMap<Vmid, VmConfig>;
  /** VMs that could not be read. */
  readonly unread: readonly GuestEntry[];
  readonly unseen: readonly Unseen[];
}

/** The configurations of these VMs, one request each; those on nodes that are off are not asked for. */
export async function readGuests(
  patient: Patient,
  guests: readonly GuestEntry[],
  off: ReadonlySet<NodeName>,
): Promise<GuestReadings> {
  const { pve, call } = patient;
  const configs = new Map<Vmid, VmConfig>();
  const unread = guests.filter(({ node }) => off.has(node));
  const hidden: Unseen[] = [];
  const down = new Set<NodeName>();
  const read = async (guest: GuestEntry): Promise<void> => {
    try {
      configs.set(guest.vmid, await readConfig(pve, guest, call));
    } catch (error) {
      unread.push(guest);
      // Told once for the node, not for each of its VMs.
      const isKnown = error instanceof PveError && isNodeDown(error) && down.has(guest.node);
      if (!isKnown) hidden.push(unseen(`VM ${guest.vmid} on ${guest.node}`, error));
      if (isNodeDown(error)) down.add(guest.node);
    }
  };
  await inTurn(
    patient,
    guests.filter(({ node }) => !off.has(node)),
    read,
  );
  return { configs, unread, unseen: hidden };
}
