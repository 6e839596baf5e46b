import type { Deadline } from '#runtime/deadline';
import { asRows, requiredText } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName } from '../ids.ts';

/** The CPU models a VM on a node may have, one's own (`custom-...`) among them. */
export async function listCpuModels(pve: Pve, node: NodeName, call: Deadline): Promise<readonly string[]> {
  const rows = asRows(await pve.get(path`/nodes/${node}/capabilities/qemu/cpu`, call), 'CPU models');
  return rows.map((row) => requiredText(row, 'name', 'CPU model'));
}

/** The versioned machine types that the QEMU of a node plays, `pc-q35-9.2+pve1`; nobody needs a privilege to ask. */
export async function listMachines(pve: Pve, node: NodeName, call: Deadline): Promise<readonly string[]> {
  const rows = asRows(await pve.get(path`/nodes/${node}/capabilities/qemu/machines`, call), 'machine list');
  return rows.map((row) => requiredText(row, 'id', 'machine'));
}
