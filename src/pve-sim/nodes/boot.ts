// What a node does when it has come up: it starts the guests with `onboot`, in the order of their `startup`, as soon as there is
// quorum. Those under HA are left to their manager. A node without such guests leaves no task here.
import { ROOT } from '../access/root.ts';
import { managedResource, sidOf } from '../ha/ha-config.ts';
import { forkStart } from '../qemu/start.ts';
import { startupOf } from '../qemu/startup.ts';
import type { Sim } from '../sim.ts';
import { hasSucceeded } from '../tasks/task-rows.ts';
import type { Worker } from '../tasks/worker.ts';
import { isTemplate } from '../world/guests.ts';
import type { Guest, World } from '../world/world.ts';
import { isQuorate } from './membership.ts';

const QUORUM_POLL_MS = 1000;
/** Guests without an order come after those that have one. */
const LAST = Number.POSITIVE_INFINITY;

export function startOnBoot(sim: Sim, node: string): void {
  const guests = guestsToStart(sim.world, node);
  if (guests.length === 0) return;
  sim.tasks.fork({ node, type: 'startall', id: '', user: ROOT }, async (worker) => {
    await untilQuorum(sim, worker, node);
    for (const guest of guests) await startOne(sim, worker, node, guest);
  });
}

async function untilQuorum(sim: Sim, worker: Worker, node: string): Promise<void> {
  if (isQuorate(sim.world, node)) return;
  worker.log('waiting for quorum ...');
  while (!isQuorate(sim.world, node)) await worker.wait(QUORUM_POLL_MS);
  worker.log('got quorum');
}

async function startOne(sim: Sim, worker: Worker, node: string, { vmid, config }: Guest): Promise<void> {
  const current = sim.world.guests[vmid];
  if (current?.node !== node || current.run !== undefined) return;
  worker.log(`Starting VM ${vmid}`);
  const upid = forkStart(sim, { node, vmid, user: ROOT });
  await sim.tasks.ended(upid);
  const status = sim.world.tasks[upid]?.exitstatus ?? '';
  if (!hasSucceeded(status)) worker.log(`Starting VM ${vmid} failed: ${status}`);
  await worker.wait(Number(startupOf(config).up ?? 0) * 1000);
}

function guestsToStart(world: World, node: string): Guest[] {
  return Object.values(world.guests)
    .filter((guest) => guest.node === node && guest.type === 'qemu' && guest.config['onboot'] === '1')
    .filter((guest) => !isTemplate(guest) && managedResource(world, sidOf(guest)) === undefined)
    .toSorted((a, b) => (orderOf(a) === orderOf(b) ? a.vmid - b.vmid : orderOf(a) - orderOf(b)));
}

function orderOf({ config }: Guest): number {
  const { order } = startupOf(config);
  return order === undefined ? LAST : Number(order);
}
