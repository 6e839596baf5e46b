// What a node says of itself: CPU, memory, disks, and how full its storages are.
import type { Sim } from './sim.ts';
import { memoryMib } from './qemu/guest-status.ts';
import { GIB, MIB } from './world/size.ts';
import { isOnNode, takenBytes } from './world/volumes.ts';

export interface NodeFigures {
  readonly node: Readonly<Record<string, number>>;
  /** Bytes in use, by storage. */
  readonly storages: Readonly<Record<string, number>>;
}

export function nodeFigures(sim: Pick<Sim, 'world' | 'clock'>, name: string): NodeFigures {
  return { node: nodeNumbers(sim, name), storages: storageNumbers(sim, name) };
}

export function nodeNumbers(sim: Pick<Sim, 'world' | 'clock'>, name: string): Record<string, number> {
  const node = sim.world.nodes[name];
  if (node === undefined) return {};
  const guests = Object.values(sim.world.guests).filter((guest) => guest.node === name && guest.run !== undefined);
  const used = guests.reduce((sum, guest) => sum + memoryMib(guest.config) * MIB, 2 * GIB);
  return {
    cpu: Math.min(0.95, 0.01 + 0.01 * guests.length),
    maxcpu: node.cpus,
    mem: used,
    maxmem: node.memoryBytes,
    disk: 10 * GIB,
    maxdisk: 100 * GIB,
    uptime: Math.floor((sim.clock.now() - node.bootedAt) / 1000),
  };
}

function storageNumbers({ world }: Pick<Sim, 'world'>, name: string): Record<string, number> {
  const used: Record<string, number> = {};
  for (const storage of Object.values(world.storages)) if (isOnNode(storage, name)) used[storage.id] = 0;
  for (const volume of Object.values(world.volumes)) {
    const storage = world.storages[volume.storage];
    const known = used[volume.storage];
    if (storage === undefined || known === undefined || (volume.node ?? name) !== name) continue;
    used[volume.storage] = known + takenBytes(storage, volume);
  }
  return used;
}
