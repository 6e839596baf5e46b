// What every part of the simulated cluster works with: the world, and what moves in it.
import type { Clock } from '#runtime/clock';
import type { ClusterView } from './cluster-view.ts';
import type { Durations } from './durations.ts';
import type { Faults } from './faults.ts';
import type { Locks } from './locks/locks.ts';
import type { Daemons } from './nodes/daemons.ts';
import type { Latency } from './latency.ts';
import type { Membership } from './nodes/membership.ts';
import type { Pace } from './pace.ts';
import type { Random } from './random.ts';
import type { Calls } from './server/calls.ts';
import type { Tasks } from './tasks/tasks.ts';
import type { World } from './world/world.ts';

export interface Sim {
  readonly world: World;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly random: Random;
  readonly durations: Durations;
  readonly locks: Locks;
  readonly tasks: Tasks;
  readonly calls: Calls;
  readonly faults: Faults;
  readonly view: ClusterView;
  readonly membership: Membership;
  readonly daemons: Daemons;
  readonly latency: Latency;
  /** The cluster's own CA, PEM; '' without TLS. */
  readonly ca: string;
}

export function nowSeconds(sim: Pick<Sim, 'clock'>): number {
  return Math.floor(sim.clock.now() / 1000);
}
