import type { GuestEntry } from '#pve/cluster/resources';

/** PVE's words for the state of a guest, and where they come from. */
export interface Observation {
  readonly guest: GuestEntry;
  readonly status: string;
  readonly qmpStatus: string | undefined;
  readonly lock: string | undefined;
  readonly source: 'view' | 'direct';
  /** ms of the clock. */
  readonly observedAt: number;
}
