// A guest as the agent inside it sees it.
import type { Guest, GuestInside, GuestSystem } from '../world/world.ts';

export interface Inside {
  readonly guest: Guest;
  readonly state: GuestInside;
  readonly system: GuestSystem;
  /** ms of the world's time */
  readonly now: number;
}

/** What the agent answers instead of a result. */
export class AgentError {
  readonly class = 'GenericError';
  readonly desc: string;

  constructor(desc: string) {
    this.desc = desc;
  }
}
