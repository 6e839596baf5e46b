// Calls about guests under HA do nothing themselves: their task tells the manager and is done (pve-behaviour 12, 26). A start is
// written down as the wanted state, stops and moves are commands that wait for the master (recordings one-node/110, two-node/12).
import type { Sim } from '../sim.ts';
import { managedResource } from './ha-config.ts';
import type { HaCommand } from './manager-status.ts';

export interface HaRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
}

export function isManaged(sim: Sim, vmid: number): boolean {
  return managedResource(sim.world, `vm:${vmid}`) !== undefined;
}

/** @returns the UPID, or undefined where the guest is not managed */
export function requestHaStart(sim: Sim, request: HaRequest): string | undefined {
  return fork(sim, request, 'hastart', 'start', () => {
    const resource = managedResource(sim.world, `vm:${request.vmid}`);
    if (resource !== undefined) resource.options['state'] = 'started';
  });
}

/** @param timeoutMs 0: not even asked */
export function requestHaStop(sim: Sim, request: HaRequest, timeoutMs: number | undefined): string | undefined {
  return fork(sim, request, 'hastop', 'stop', () => {
    queueCommand(sim, { sid: `vm:${request.vmid}`, act: 'stop', timeoutMs });
  });
}

export function requestHaMigration(sim: Sim, request: HaRequest, target: string): string | undefined {
  return fork(
    sim,
    request,
    'hamigrate',
    'migration',
    () => {
      queueCommand(sim, { sid: `vm:${request.vmid}`, act: 'migrate', target });
    },
    ` to node ${target}`,
  );
}

export function queueCommand(sim: Sim, command: Omit<HaCommand, 'seen'>): void {
  sim.world.ha.status.commands.push({ ...command, seen: false });
}

function fork(
  sim: Sim,
  { node, vmid, user }: HaRequest,
  type: string,
  what: string,
  tell: () => void,
  where = '',
): string | undefined {
  if (!isManaged(sim, vmid)) return undefined;
  return sim.tasks.fork({ node, type, id: String(vmid), user }, async (worker) => {
    worker.log(`Requesting HA ${what} for VM ${vmid}${where}`);
    await worker.work(sim.durations.haRequestMs);
    tell();
  });
}
