// The HA manager of one node (LRM), one round: it takes its lock when there is something to do for it, and carries out what the
// master wants of the services on its node.
import { isQuorate } from '../nodes/membership.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import { guestOfSid } from './ha-config.ts';
import type { HaService, Lrm } from './manager-status.ts';
import { migrateByManager, startByManager, stopByManager } from './guest-tasks.ts';
import { hasSucceeded } from '../tasks/task-rows.ts';

/** Which services a node's manager is busy with. */
export type Busy = Map<string, Set<string>>;

export function nodeRound(sim: Sim, name: string, busy: Busy, reset: (node: string) => void): void {
  const { world, durations } = sim;
  const now = sim.clock.now();
  if (world.nodes[name]?.online !== true || world.ha.status.master === undefined) return;
  const lrm = (world.ha.status.lrms[name] ??= newLrm(now));
  Object.assign(lrm, { told: lrm.state, toldAt: now });
  const quorate = isQuorate(world, name);
  if (quorate) lrm.quorateAt = now;
  const services = servicesOf(sim, name);
  if (services.length > 0) lrm.busyAt = now;
  else if (now - lrm.busyAt > durations.haIdleMs) lrm.state = 'wait_for_agent_lock';
  // Without quorum the watchdog is not fed: the node resets itself.
  if (lrm.state === 'active' && now - lrm.quorateAt >= durations.haFenceMs) return reset(name);
  if (quorate && services.length > 0) lrm.state = 'active';
  if (lrm.state !== 'active' || !quorate) return;
  const here = services.filter(([, { node }]) => node === name);
  const began = here.map(([sid, service]) => carryOut(sim, name, sid, service, busy));
  if (!began.includes(true)) lrm.told = lrm.state;
}

function newLrm(now: number): Lrm {
  return { state: 'wait_for_agent_lock', told: 'wait_for_agent_lock', toldAt: now, quorateAt: now, busyAt: now };
}

/** Those here, and since 9 those on their way here. */
function servicesOf({ world }: Sim, name: string): [sid: string, service: HaService][] {
  const expects = profileOfNode(world, name).has('haRules');
  return Object.entries(world.ha.status.services).filter(
    ([sid, { node, target }]) =>
      world.ha.resources[sid] !== undefined && (node === name || (expects && target === name)),
  );
}

/** @returns whether something was begun */
function carryOut(sim: Sim, name: string, sid: string, service: HaService, busy: Busy): boolean {
  const working = busy.get(name) ?? new Set<string>();
  busy.set(name, working);
  const isConcluded = service.state === 'started' ? service.outcome === 'failed' : service.outcome !== undefined;
  if (working.has(sid) || isConcluded) return false;
  const { state } = service;
  const upid = act(sim, name, sid, service);
  if (upid === undefined) return false;
  working.add(sid);
  void sim.tasks.ended(upid).then(() => {
    working.delete(sid);
    if (service.state === state) conclude(sim, name, sid, service, sim.world.tasks[upid]?.exitstatus ?? '');
  });
  return true;
}

/** @returns the UPID of what was begun; where there is nothing to begin the outcome is written down */
function act(sim: Sim, name: string, sid: string, service: HaService): string | undefined {
  const guest = guestOfSid(sim.world, sid);
  const runs = guest?.run !== undefined && guest.node === name;
  if (guest === undefined) return undefined;
  switch (service.state) {
    case 'started':
      if (!runs && guest.node === name) return startByManager(sim, name, guest.vmid);
      if (runs && service.outcome !== 'ok') report(service, 'ok');
      return undefined;
    case 'request_stop':
      if (runs) return stopByManager(sim, name, guest.vmid, service.timeoutMs);
      report(service, 'ok');
      return undefined;
    case 'relocate':
      if (runs) return stopByManager(sim, name, guest.vmid, service.timeoutMs);
      return migrateByManager(sim, { node: name, vmid: guest.vmid, target: service.target ?? name });
    case 'migrate':
      return migrateByManager(sim, { node: name, vmid: guest.vmid, target: service.target ?? name });
    default:
      return undefined;
  }
}

function report(service: HaService, outcome: 'ok' | 'failed'): void {
  Object.assign(service, { outcome, news: 'fresh' });
}

/** A start may fail some times before it counts as failed. */
function conclude(sim: Sim, name: string, sid: string, service: HaService, exitstatus: string): void {
  if (service.node !== name) return;
  const isOk = hasSucceeded(exitstatus);
  // A relocation is done when the guest has moved, not when it is stopped.
  if (service.state === 'relocate' && isOk && guestOfSid(sim.world, sid)?.node === name) return;
  if (service.state !== 'started' || isOk) return report(service, isOk ? 'ok' : 'failed');
  service.failedStarts += 1;
  const most = Number(sim.world.ha.resources[sid]?.options['max_restart'] ?? 1);
  if (service.failedStarts > most) report(service, 'failed');
}
