// The agent's commands without parameters, by the name they have in paths (members as in recording one-node/80).
import { cpuCount, memoryMib } from '../qemu/guest-status.ts';
import { MIB } from '../world/size.ts';
import type { Inside } from './inside.ts';
import { guestInterfaces } from './interfaces.ts';
import { hostName } from './machine.ts';

const BLOCK_MIB = 128;

/** In the order in which an agent lists them. */
const COMMANDS = [
  'guest-get-cpustats',
  'guest-get-diskstats',
  'guest-ssh-remove-authorized-keys',
  'guest-ssh-add-authorized-keys',
  'guest-ssh-get-authorized-keys',
  'guest-get-osinfo',
  'guest-get-timezone',
  'guest-get-users',
  'guest-get-host-name',
  'guest-exec',
  'guest-exec-status',
  'guest-get-memory-block-info',
  'guest-set-memory-blocks',
  'guest-get-memory-blocks',
  'guest-set-user-password',
  'guest-get-fsinfo',
  'guest-get-disks',
  'guest-set-vcpus',
  'guest-get-vcpus',
  'guest-network-get-interfaces',
  'guest-suspend-hybrid',
  'guest-suspend-ram',
  'guest-suspend-disk',
  'guest-fstrim',
  'guest-fsfreeze-thaw',
  'guest-fsfreeze-freeze-list',
  'guest-fsfreeze-freeze',
  'guest-fsfreeze-status',
  'guest-file-flush',
  'guest-file-seek',
  'guest-file-write',
  'guest-file-read',
  'guest-file-close',
  'guest-file-open',
  'guest-shutdown',
  'guest-info',
  'guest-set-time',
  'guest-get-time',
  'guest-ping',
  'guest-sync',
  'guest-sync-delimited',
];

const AGENT_VERSION = '7.2.15';

export const QUERIES: Readonly<Record<string, (inside: Inside) => unknown>> = {
  ping: () => ({}),
  'fsfreeze-status': ({ state }) => (state.isFrozen ? 'frozen' : 'thawed'),
  // Without file systems there is nothing to freeze (recording one-node/80).
  'fsfreeze-freeze': ({ state, system }) => {
    state.isFrozen = system.mounts.length > 0;
    return system.mounts.length;
  },
  'fsfreeze-thaw': ({ state, system }) => {
    const { isFrozen } = state;
    state.isFrozen = false;
    return isFrozen ? system.mounts.length : 0;
  },
  fstrim: ({ system }) => ({ paths: system.mounts.map((path) => ({ path, trimmed: 0, minimum: 0 })) }),
  'get-fsinfo': ({ system }) => system.mounts.map(mountInfo),
  'get-host-name': (inside) => ({ 'host-name': hostName(inside) }),
  'get-memory-block-info': () => ({ size: BLOCK_MIB * MIB }),
  'get-memory-blocks': ({ guest }) =>
    Array.from({ length: Math.ceil(memoryMib(guest.config) / BLOCK_MIB) }, (_, index) => ({
      'phys-index': index,
      online: index * BLOCK_MIB < (guest.behaviour.online?.memoryMib ?? Number.POSITIVE_INFINITY),
      'can-offline': true,
    })),
  'get-osinfo': ({ system }) => ({ ...system.release, ...system.kernel, machine: 'x86_64' }),
  'get-time': ({ now }) => now * 1_000_000,
  'get-timezone': () => ({ offset: 0, zone: 'UTC' }),
  'get-users': () => [],
  'get-vcpus': ({ guest }) =>
    Array.from({ length: cpuCount(guest) }, (_, index) => ({
      'logical-id': index,
      online: index < (guest.behaviour.online?.cpus ?? Number.POSITIVE_INFINITY),
      'can-offline': index > 0,
    })),
  info: () => ({
    version: AGENT_VERSION,
    supported_commands: COMMANDS.map((name) => ({
      name,
      enabled: true,
      'success-response': !/^guest-(?:shutdown|suspend-)/.test(name),
    })),
  }),
  'network-get-interfaces': ({ guest }) => guestInterfaces(guest),
};

/** What the agent still does while file systems are frozen. */
const WHILE_FROZEN = new Set(['ping', 'info', 'fsfreeze-status', 'fsfreeze-freeze', 'fsfreeze-thaw']);

export function isBarred({ state }: Inside, command: string): boolean {
  return state.isFrozen && !WHILE_FROZEN.has(command);
}

function mountInfo(mountpoint: string): Record<string, unknown> {
  return {
    name: 'sda1',
    mountpoint,
    type: 'ext4',
    'used-bytes': 1_500_000_000,
    'total-bytes': 10_000_000_000,
    disk: [],
  };
}
