// What only a running QEMU process tells in `status/current` (members as in recordings one-node/51 and 70). The figures
// mean nothing.
import { drivesOf } from '../world/drive.ts';
import { isNicKey } from '../world/net.ts';
import type { Guest } from '../world/world.ts';

const COUNTERS = [
  ...['flush', 'rd', 'unmap', 'wr'].flatMap((act) => [`${act}_operations`, `${act}_total_time_ns`]),
  ...['flush', 'rd', 'unmap', 'wr'].flatMap((act) => [`failed_${act}_operations`, `invalid_${act}_operations`]),
  ...['rd', 'unmap', 'wr'].flatMap((act) => [`${act}_bytes`, `${act}_merged`]),
  'idle_time_ns',
  'wr_highest_offset',
];

export function liveStatus(guest: Guest, qemu: string): Record<string, unknown> {
  const nics = Object.keys(guest.config).filter(isNicKey);
  const drives = drivesOf(guest.config).map(([key]) => key);
  const machine = guest.config['machine'] ?? 'pc-i440fx';
  return {
    'running-machine': /\d/.test(machine) ? machine : `${machine}-${qemu.split('.').slice(0, 2).join('.')}+pve0`,
    'running-qemu': qemu,
    'proxmox-support': { 'backup-max-workers': true, 'query-bitmap-info': true },
    ...(nics.length === 0
      ? {}
      : { nics: Object.fromEntries(nics.map((key) => [`tap${guest.vmid}i${key.slice(3)}`, tap()])) }),
    ...(drives.length === 0 ? {} : { blockstat: Object.fromEntries(drives.map((key) => [key, blockstat()])) }),
  };
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
