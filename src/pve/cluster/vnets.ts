import type { Deadline } from '#runtime/deadline';
import { asRows, requiredText, textOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';

export interface Vnet {
  /** What stands in `bridge=` of a NIC. */
  readonly name: string;
  readonly zone: string;
  readonly alias: string | undefined;
}

/** The vnets that we may audit (SDN.Audit). */
export async function listVnets(pve: Pve, call: Deadline): Promise<readonly Vnet[]> {
  const rows = asRows(await pve.get('/cluster/sdn/vnets', call), 'vnet list');
  return rows.map((row) => ({
    name: requiredText(row, 'vnet', 'vnet'),
    zone: requiredText(row, 'zone', 'vnet'),
    alias: textOf(row, 'alias'),
  }));
}
