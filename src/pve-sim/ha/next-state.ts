// What the master makes of a service in one round: PVE's states and the steps between them.
import { moveConfig } from '../world/guests.ts';
import type { World } from '../world/world.ts';
import { guestOfSid } from './ha-config.ts';
import type { CrmState, HaCommand, HaService } from './manager-status.ts';
import { onlineNodes, selectNode } from './placement.ts';

/** Steps until nothing changes, as a round does. */
export function advance(world: World, sid: string, service: HaService, command: HaCommand | undefined): void {
  let left: HaCommand | undefined = command;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const before = service.state;
    nextState(world, sid, service, left);
    left = undefined;
    if (service.state === before) return;
  }
}

const MOST_STEPS = 5;

function nextState(world: World, sid: string, service: HaService, command: HaCommand | undefined): void {
  const wanted = wantedState(world, sid);
  switch (service.state) {
    case 'request_start':
      return become(service, 'started');
    case 'request_stop':
      if (service.outcome === 'ok') return become(service, 'stopped');
      if (service.outcome === 'failed') become(service, 'error');
      return;
    case 'stopped':
      return whenStopped(world, sid, service, wanted, command);
    case 'started':
      return whenStarted(world, sid, service, wanted, command);
    case 'migrate':
    case 'relocate':
      return whenMoved(service, wanted);
    case 'recovery':
      return recover(world, sid, service, wanted);
    case 'error':
      if (wanted === 'disabled') become(service, 'stopped');
      return;
    case 'fence':
  }
}

export function wantedState(world: World, sid: string): string {
  const state = world.ha.resources[sid]?.options['state'] ?? 'started';
  return state === 'enabled' ? 'started' : state;
}

/** A new state, of which nothing is known yet. */
export function become(service: HaService, state: CrmState, target?: string): void {
  Object.assign(service, { state, target, outcome: undefined, running: false });
}

/** A stopped guest is moved by moving its config. */
function whenStopped(
  world: World,
  sid: string,
  service: HaService,
  wanted: string,
  command: HaCommand | undefined,
): void {
  if (command?.target !== undefined && onlineNodes(world).includes(command.target))
    place(world, sid, service, command.target);
  if (wanted !== 'started') return;
  service.timeoutMs = undefined;
  become(service, 'request_start');
}

function whenStarted(
  world: World,
  sid: string,
  service: HaService,
  wanted: string,
  command: HaCommand | undefined,
): void {
  // Of a node that is not heard of nothing is expected: it is fenced, or comes back.
  if (!onlineNodes(world).includes(service.node)) return;
  if (wanted !== 'started') return void Object.assign(service, { state: 'request_stop', outcome: undefined });
  if (command?.target !== undefined && command.act !== 'stop') {
    const possible = command.target !== service.node && onlineNodes(world).includes(command.target);
    return possible ? become(service, command.act, command.target) : undefined;
  }
  if (service.outcome === 'failed') return tryElsewhere(world, sid, service);
  if (service.outcome === 'ok') Object.assign(service, { running: true, failedStarts: 0 });
  const best = selectNode(world, sid, service.node);
  if (best !== undefined && best !== service.node) become(service, 'migrate', best);
}

/** A guest that does not start is given to as many other nodes as allowed, then given up. */
function tryElsewhere(world: World, sid: string, service: HaService): void {
  const most = Number(world.ha.resources[sid]?.options['max_relocate'] ?? 1);
  service.tried.push(service.node);
  service.failedStarts = 0;
  const other = service.tried.length <= most ? selectNode(world, sid, '', service.tried) : undefined;
  if (other === undefined) {
    service.tried.length = 0;
    return become(service, 'error');
  }
  become(service, 'relocate', other);
}

/** Where the move failed it stays where it is. */
function whenMoved(service: HaService, wanted: string): void {
  if (service.outcome === undefined) return;
  if (service.outcome === 'ok') service.node = service.target ?? service.node;
  become(service, wanted === 'started' ? 'started' : 'request_stop');
}

/** The node is fenced: the config of its guest goes to another one. */
function recover(world: World, sid: string, service: HaService, wanted: string): void {
  const node = selectNode(world, sid, '');
  if (node === undefined) return;
  place(world, sid, service, node);
  become(service, wanted === 'started' ? 'started' : 'request_stop');
}

function place(world: World, sid: string, service: HaService, node: string): void {
  const guest = guestOfSid(world, sid);
  if (guest !== undefined && guest.node !== node) moveConfig(world, guest.vmid, node);
  service.node = node;
}
