import type { Deadline } from '#runtime/deadline';
import { asRow, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { Vmid } from '../ids.ts';
import { saidBy } from '../said.ts';

export interface HaResource {
  /** What HA was asked for: `started`, `stopped`, `disabled`, `ignored`. */
  readonly state: string;
}

/** What HA is to do with a VM; undefined where it does not manage it. Needs Sys.Audit on `/`. */
export async function readHaResource(pve: Pve, vmid: Vmid, call: Deadline): Promise<HaResource | undefined> {
  try {
    const row = asRow(await pve.get(path`/cluster/ha/resources/${`vm:${vmid}`}`, call), 'HA resource');
    // PVE leaves out what is at its default (recording one-node/110).
    return { state: textOf(row, 'state') ?? 'started' };
  } catch (error) {
    if (saidBy(error)?.kind === 'not-ha-managed') return undefined;
    throw error;
  }
}

/** Takes a VM out of HA's hands; it keeps its state. Needs Sys.Console on `/`. Done as well where HA has let it go already. */
export async function deleteHaResource(pve: Pve, vmid: Vmid, call: Deadline): Promise<void> {
  try {
    await pve.delete(path`/cluster/ha/resources/${`vm:${vmid}`}`, call);
  } catch (error) {
    if (saidBy(error)?.kind !== 'not-ha-managed') throw error;
  }
}
