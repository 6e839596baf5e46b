// Guests under HA are not started and stopped by the call: its task tells the manager and is done (pve-behaviour 12, 26).
import { withConfigLock } from '../locks/config-lock.ts';
import type { Sim } from '../sim.ts';
import { managedResource } from '../ha/ha-config.ts';
import { findQemu } from '../world/guests.ts';
import type { HaResource } from '../world/world.ts';
import { shutDown } from './shut-down.ts';
import { forkStart } from './start.ts';

export interface HaRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly timeoutMs?: number | undefined;
}

export function isManaged(sim: Sim, vmid: number): boolean {
  return managedResource(sim.world, `vm:${vmid}`) !== undefined;
}

/**
 * A start is written down as the wanted state, a stop is a command that waits for the manager (recording one-node/110).
 * @returns the UPID, or undefined where the guest is not managed
 */
export function queueHa(sim: Sim, request: HaRequest, state: 'started' | 'stopped'): string | undefined {
  const { node, vmid, user } = request;
  const resource = managedResource(sim.world, `vm:${vmid}`);
  if (resource === undefined) return undefined;
  const act = state === 'started' ? 'start' : 'stop';
  return sim.tasks.fork({ node, type: `ha${act}`, id: String(vmid), user }, async (worker) => {
    worker.log(`Requesting HA ${act} for VM ${vmid}`);
    await worker.work(sim.durations.haRequestMs);
    if (state === 'started') resource.options['state'] = state;
    sim.pace.limit(sim.durations.rebootGapMs, () => carryOut(sim, request, resource, state));
  });
}

function carryOut(sim: Sim, request: HaRequest, resource: HaResource, state: 'started' | 'stopped'): void {
  const { vmid, timeoutMs } = request;
  const guest = sim.world.guests[vmid];
  const isUp = guest !== undefined && sim.world.nodes[guest.node]?.online === true;
  if (!isUp || !sim.world.ha.managers.includes(guest.node)) return;
  resource.options['state'] = state;
  resource.serviceState = state === 'started' ? 'started' : 'request_stop';
  const { node } = guest;
  if (state === 'started') return void forkStart(sim, { node, vmid, user: 'root@pam' });
  sim.tasks.fork({ node, type: 'qmshutdown', id: String(vmid), user: 'root@pam' }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      const current = findQemu(sim.world, node, vmid);
      if (current !== undefined) await shutDown(sim, worker, current, { timeoutMs, force: true });
    });
  });
}
