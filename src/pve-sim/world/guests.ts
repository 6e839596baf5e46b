// Guests by node and id, with the texts PVE has for a guest that is not there (pve-behaviour 10, recording 63-015).
import { failure } from '../pve-error.ts';
import type { Guest, GuestBehaviour, World } from './world.ts';

export function findQemu(world: World, node: string, vmid: number): Guest | undefined {
  const guest = world.guests[vmid];
  return guest !== undefined && guest.type === 'qemu' && guest.node === node ? guest : undefined;
}

/** The guest on that node, or PVE's not-found text: 500, there is no 404. */
export function requireQemu(world: World, node: string, vmid: number): Guest {
  const guest = findQemu(world, node, vmid);
  if (guest === undefined) throw failure(`Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
  return guest;
}

/**
 * Moves the config file to another node's folder. What ran with it stays where it was and is forgotten.
 * @throws where there is no such guest
 */
export function moveConfig(world: World, vmid: number, to: string): Guest {
  const guest = world.guests[vmid];
  if (guest === undefined) throw new Error(`there is no guest ${vmid}`);
  if (world.nodes[to] === undefined) throw new Error(`there is no node '${to}'`);
  guest.node = to;
  guest.run = undefined;
  return guest;
}

export function isWindows(config: Readonly<Record<string, string>>): boolean {
  return /^w(?:2k|in|vista|xp)/.test(config['ostype'] ?? '');
}

export function isTemplate(guest: Guest): boolean {
  return guest.config['template'] === '1';
}

/** @throws `VM is locked (<lock>)`, unless the lock is the tolerated one. */
export function checkNoLock(guest: Guest, tolerated?: string): void {
  const lock = guest.config['lock'];
  if (lock !== undefined && lock !== tolerated) throw failure(`VM is locked (${lock})`);
}

export function normalBehaviour(): GuestBehaviour {
  return { agent: 'answers', shutdown: 'normal', docker: false };
}

/** Puts a new guest into the world. The caller has made sure that the id is free. */
export function addGuest(world: World, guest: Pick<Guest, 'vmid' | 'node' | 'config'> & Partial<Guest>): Guest {
  const created: Guest = {
    type: 'qemu',
    pending: {},
    pendingDelete: {},
    cloudinit: {},
    snapshots: {},
    run: undefined,
    behaviour: normalBehaviour(),
    ...guest,
  };
  world.guests[guest.vmid] = created;
  return created;
}
