// `/cluster/ha/status/current` while no manager has looked at anything: quorum, fencing, and services that are queued.
import { isQuorate } from '../nodes/membership.ts';
import type { Sim } from '../sim.ts';
import { shownOptions } from '../world/section-config.ts';
import type { Profile } from '../profiles/profile.ts';
import { resourceOptions } from './ha-options.ts';
import { guestOfSid } from './ha-config.ts';

export function haStatus(sim: Sim, node: string, profile: Profile): Record<string, unknown>[] {
  const { world } = sim;
  const quorate = isQuorate(world, node);
  const quorum = {
    id: 'quorum',
    type: 'quorum',
    node,
    status: quorate ? 'OK' : `No quorum on node '${node}'!`,
    quorate: quorate ? 1 : 0,
  };
  const fencing = {
    id: 'fencing',
    type: 'fencing',
    node,
    status: 'standby (CRM watchdog standby)',
    'armed-state': 'standby',
  };
  return [quorum, ...(profile.has('haFencingStatus') ? [fencing] : []), ...services(sim, profile)];
}

function services({ world }: Sim, profile: Profile): Record<string, unknown>[] {
  const defaults = { max_relocate: 1, max_restart: 1, ...(profile.has('haRules') ? { failback: 1 } : {}) };
  return Object.entries(world.ha.resources).map(([sid, { options, serviceState }]) => {
    const { state = 'started', ...rest } = options;
    const node = guestOfSid(world, sid)?.node ?? '';
    const current = state === 'ignored' ? 'ignored' : (serviceState ?? 'queued');
    return {
      ...defaults,
      ...shownOptions(rest, resourceOptions(profile)),
      id: `service:${sid}`,
      type: 'service',
      sid,
      node,
      state: current,
      ...(serviceState === undefined ? {} : { crm_state: serviceState }),
      request_state: state === 'enabled' ? 'started' : state,
      status: `${sid} (${node}, ${current})`,
    };
  });
}
