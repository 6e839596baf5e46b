// The master of the HA managers, one round: who is there, what was asked for, and each service's next state. What has happened
// since the round before is only looked at, and acted on in the next one: that is why HA takes its time (pve-behaviour 26).
import type { Sim } from '../sim.ts';
import { sees } from '../nodes/membership.ts';
import { guestOfSid } from './ha-config.ts';
import type { HaService, ManagerStatus } from './manager-status.ts';
import { advance, become, wantedState } from './next-state.ts';
import { canManage } from './placement.ts';

export function masterRound(sim: Sim): void {
  const { ha } = sim.world;
  const now = sim.clock.now();
  if (!hasMaster(sim, now)) return;
  ha.status.at = now;
  watchNodes(sim, now);
  adoptServices(sim);
  const commands = dueCommands(ha.status);
  for (const { sid, act, timeoutMs } of commands) {
    const [resource, service] = [ha.resources[sid], ha.status.services[sid]];
    if (act !== 'stop' || resource === undefined || service === undefined) continue;
    resource.options['state'] = 'stopped';
    Object.assign(service, { wanted: 'stopped', timeoutMs });
  }
  for (const [sid, service] of Object.entries(ha.status.services)) {
    if (ha.resources[sid] === undefined || !isDue(sim, sid, service)) continue;
    advance(
      sim.world,
      sid,
      service,
      commands.find((command) => command.sid === sid),
    );
  }
  fenceServices(ha.status);
}

/** The first who can becomes it, once there is something to manage; when it is lost its lock has to expire first. */
function hasMaster({ world, durations }: Sim, now: number): boolean {
  const { status, resources } = world.ha;
  if (status.master !== undefined && canManage(world, status.master)) return true;
  if (status.master === undefined && Object.keys(resources).length === 0) return false;
  if (status.master !== undefined && now - status.at < durations.haLockMs) return false;
  status.master = Object.keys(world.nodes).find((name) => canManage(world, name));
  return status.master !== undefined;
}

/** A node is fenced when nothing was heard of it for a while and its lock has expired. */
function watchNodes({ world, durations }: Sim, now: number): void {
  const { status, managers } = world.ha;
  for (const name of managers) {
    const node = (status.nodes[name] ??= { state: 'online', seenAt: now });
    if (sees(world, status.master ?? '', name)) Object.assign(node, { state: 'online', seenAt: now });
    else if (now - node.seenAt >= durations.haLockMs) node.state = 'gone';
    else if (now - node.seenAt >= durations.haFenceMs) node.state = 'fence';
    else node.state = 'unknown';
  }
}

/** New resources become services at once; what is no resource any more is kept for one more round. */
function adoptServices({ world }: Sim): void {
  const { status, resources } = world.ha;
  for (const sid of Object.keys(resources)) {
    const guest = guestOfSid(world, sid);
    const wanted = wantedState(world, sid);
    if (status.services[sid] !== undefined || guest === undefined || wanted === 'ignored') continue;
    status.services[sid] = newService(guest.node, wanted);
  }
  for (const [sid, service] of Object.entries(status.services)) {
    if (resources[sid] !== undefined && wantedState(world, sid) !== 'ignored') continue;
    if (service.news === 'seen') delete status.services[sid];
    service.news = 'seen';
  }
}

function newService(node: string, wanted: string): HaService {
  return {
    state: wanted === 'started' ? 'request_start' : 'request_stop',
    node,
    target: undefined,
    timeoutMs: undefined,
    running: false,
    outcome: undefined,
    news: undefined,
    wanted,
    failedStarts: 0,
    tried: [],
  };
}

/** Those that the round before has seen. */
function dueCommands(status: ManagerStatus): ManagerStatus['commands'] {
  const due = status.commands.filter(({ seen }) => seen);
  status.commands = status.commands.filter(({ seen }) => !seen);
  for (const command of status.commands) command.seen = true;
  return due;
}

function isDue(sim: Sim, sid: string, service: HaService): boolean {
  const wanted = wantedState(sim.world, sid);
  if (wanted !== service.wanted) service.news = 'fresh';
  service.wanted = wanted;
  if (service.news === 'fresh') {
    service.news = 'seen';
    return false;
  }
  service.news = undefined;
  return true;
}

/** Services of a node that is being fenced wait; of one that is gone they are recovered, unless they are disabled. */
function fenceServices({ nodes, services }: ManagerStatus): void {
  for (const service of Object.values(services)) {
    const node = nodes[service.node];
    const lost = node?.state === 'fence' || node?.state === 'gone';
    if (!lost || service.wanted === 'disabled') continue;
    if (service.state !== 'fence' && service.state !== 'recovery') become(service, 'fence');
    if (node.state === 'gone') become(service, 'recovery');
  }
}
