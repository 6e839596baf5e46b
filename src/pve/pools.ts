import type { Deadline } from '#runtime/deadline';
import { asRows, requiredText } from './answer.ts';
import { path } from './connection/path.ts';
import type { Pve } from './connection/pve.ts';
import type { Vmid } from './ids.ts';
import { isAtLeast, type PveVersion } from './rules/versions.ts';

/** Names of the pools we may see (Pool.Audit on each). */
export async function listPools(pve: Pve, call: Deadline): Promise<readonly string[]> {
  return asRows(await pve.get('/pools', call), 'pools').map((row) => requiredText(row, 'poolid', 'pool'));
}

/**
 * Makes a VM a member of a pool. Needs Pool.Allocate on the pool and VM.Allocate on the VM; takes the cluster's lock of
 * `user.cfg`. Since pools nest, their names do not fit into a path (pve-behaviour 22).
 */
export async function addToPool(
  pve: Pve,
  version: PveVersion,
  pool: string,
  vmid: Vmid,
  call: Deadline,
): Promise<void> {
  if (isAtLeast(version, 8, 1)) await pve.put('/pools', call, { poolid: pool, vms: String(vmid) });
  else await pve.put(path`/pools/${pool}`, call, { vms: String(vmid) });
}
