import type { Deadline } from '#runtime/deadline';
import { asRows, requiredNode, textOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName } from '../ids.ts';

export interface NodeEntry {
  readonly name: NodeName;
  /** True also where PVE does not know yet. */
  readonly online: boolean;
}

/** All nodes of the cluster; nobody needs a privilege to ask (pve-behaviour 7). */
export async function listNodes(pve: Pve, call: Deadline): Promise<readonly NodeEntry[]> {
  const rows = asRows(await pve.get('/nodes', call), 'node list');
  return rows.map((row) => ({ name: requiredNode(row, 'node'), online: textOf(row, 'status') !== 'offline' }));
}
