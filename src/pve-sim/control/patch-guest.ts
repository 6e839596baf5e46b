// Changes to a guest behind PVE's back, as root on the host could make them.
import { z } from 'zod';
import { endRun } from '../qemu/run-end.ts';
import { moveConfig } from '../world/guests.ts';
import type { Guest, World } from '../world/world.ts';

export const guestPatch = z.strictObject({
  /** Options set in the config file; null removes one. */
  config: z.record(z.string(), z.string().nullable()).optional(),
  /** What the system inside does. */
  behaviour: z
    .strictObject({
      agent: z.enum(['answers', 'silent', 'absent', 'hangs', 'error']).optional(),
      shutdown: z.enum(['normal', 'slow', 'never']).optional(),
      docker: z.boolean().optional(),
      unplug: z.enum(['works', 'refused']).optional(),
    })
    .optional(),
  /** Its config file goes to this node's folder, as root moves it by hand. */
  node: z.string().optional(),
  /** False: the guest powers itself off, or its process is killed. */
  running: z.literal(false).optional(),
});

export function patchGuest(world: World, vmid: number, patch: z.infer<typeof guestPatch>): Guest {
  const guest = world.guests[vmid];
  if (guest === undefined) throw new Error(`there is no guest ${vmid}`);
  for (const [key, value] of Object.entries(patch.config ?? {})) {
    if (value === null) delete guest.config[key];
    else guest.config[key] = value;
  }
  const { agent, shutdown, docker, unplug } = patch.behaviour ?? {};
  guest.behaviour.agent = agent ?? guest.behaviour.agent;
  guest.behaviour.shutdown = shutdown ?? guest.behaviour.shutdown;
  guest.behaviour.docker = docker ?? guest.behaviour.docker;
  if (unplug !== undefined) guest.behaviour.unplug = unplug === 'refused' ? unplug : undefined;
  if (patch.running === false) endRun(guest);
  if (patch.node !== undefined) moveConfig(world, vmid, patch.node);
  return guest;
}
