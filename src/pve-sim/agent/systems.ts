// What runs inside guests, as far as their agent can tell.
import { bootOrder } from '../qemu/boot-order.ts';
import type { GuestSystem, World } from '../world/world.ts';
import { drivesOf, isBusKey, isCloudInit } from '../world/drive.ts';
import { findVolume } from '../world/volumes.ts';

const BIN = [
  'sh',
  'bash',
  'cat',
  'echo',
  'false',
  'hostname',
  'ls',
  'mkdir',
  'printf',
  'rm',
  'sleep',
  'touch',
  'true',
  'uname',
];

/** An ordinary server, for every medium that says nothing else. */
const ORDINARY_SYSTEM: GuestSystem = {
  hostname: undefined,
  address: undefined,
  release: {
    id: 'debian',
    name: 'Debian GNU/Linux',
    'pretty-name': 'Debian GNU/Linux 12 (bookworm)',
    version: '12 (bookworm)',
    'version-id': '12',
  },
  kernel: { 'kernel-release': '6.1.0-30-amd64', 'kernel-version': '#1 SMP PREEMPT_DYNAMIC Debian 6.1.124-1' },
  programs: [...BIN.flatMap((name) => [`/bin/${name}`, `/usr/bin/${name}`]), '/usr/bin/passwd'],
  mounts: ['/'],
};

/** The first medium in the boot order that has a system of its own decides. */
export function systemOf(world: World, node: string, config: Readonly<Record<string, string>>): GuestSystem {
  const order = bootOrder(config['boot']);
  const media = drivesOf(config).filter(([key, drive]) => isBusKey(key) && !isCloudInit(drive));
  const rank = ([key]: readonly [string, unknown]): number => (order.includes(key) ? order.indexOf(key) : order.length);
  for (const [, drive] of media.toSorted((a, b) => rank(a) - rank(b))) {
    const system = findVolume(world, node, drive.file)?.system;
    if (system !== undefined) return system;
  }
  return ORDINARY_SYSTEM;
}
