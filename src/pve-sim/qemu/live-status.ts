// What only a running QEMU process tells in `status/current` (members as in recordings one-node/51 and 70). The figures
// mean nothing.
import { drivesOf } from '../world/drive.ts';
import { isNicKey } from '../world/net.ts';
import type { Sim } from '../sim.ts';
import type { Guest } from '../world/world.ts';
import { runningMachine } from './machine.ts';
import { qemuOfNode } from '../profiles/profile-of-node.ts';

const COUNTERS = [
  ...['flush', 'rd', 'unmap', 'wr'].flatMap((act) => [`${act}_operations`, `${act}_total_time_ns`]),
  ...['flush', 'rd', 'unmap', 'wr'].flatMap((act) => [`failed_${act}_operations`, `invalid_${act}_operations`]),
  ...['rd', 'unmap', 'wr'].flatMap((act) => [`${act}_bytes`, `${act}_merged`]),
  'idle_time_ns',
  'wr_highest_offset',
];

export function liveStatus(sim: Pick<Sim, 'world'>, guest: Guest): Record<string, unknown> {
  const nics = Object.keys(guest.config).filter(isNicKey);
  const drives = blockDevices(guest.config);
  return {
    'running-machine': runningMachine(sim, guest),
    'running-qemu': qemuOfNode(sim.world, guest.node),
    'proxmox-support': { 'backup-max-workers': true, 'query-bitmap-info': true },
    ...(nics.length === 0
      ? {}
      : { nics: Object.fromEntries(nics.map((key) => [`tap${guest.vmid}i${key.slice(3)}`, tap()])) }),
    ...(drives.length === 0 ? {} : { blockstat: Object.fromEntries(drives.map((key) => [key, blockstat()])) }),
  };
}

/** TPM state belongs to another process; firmware in flash has two devices, with or without an EFI disk. */
function blockDevices(config: Readonly<Record<string, string>>): string[] {
  const drives = drivesOf(config).map(([key]) => key);
  const firmware = config['bios'] === 'ovmf' ? ['pflash0', 'efidisk0'] : [];
  return [...new Set([...firmware, ...drives])].filter((key) => !key.startsWith('tpmstate'));
}

/** The pressure of the process's scope, since 9. */
export function pressure(): Record<string, number> {
  const kinds = ['cpu', 'io', 'memory'].flatMap((kind) => [`pressure${kind}some`, `pressure${kind}full`]);
  return Object.fromEntries(kinds.map((kind) => [kind, 0]));
}

function tap(): Record<string, number> {
  return { netin: 0, netout: 0 };
}

function blockstat(): Record<string, unknown> {
  const counters = Object.fromEntries(COUNTERS.map((name) => [name, 0]));
  return { account_failed: true, account_invalid: true, timed_stats: [], ...counters };
}
