import type { Deadline } from '#runtime/deadline';
import { asRows, flagOf, requiredText, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName } from '../ids.ts';

export interface Bridge {
  /** What stands in `bridge=` of a NIC. */
  readonly name: string;
  /** `bridge`, `OVSBridge`, or `vnet` of the software-defined network. */
  readonly type: string;
  readonly active: boolean;
  readonly vlanAware: boolean;
}

/** The bridges of a node that we may use or audit (pve-behaviour 19); from 8 on with the vnets it carries. */
export async function listBridges(pve: Pve, node: NodeName, call: Deadline): Promise<readonly Bridge[]> {
  const rows = asRows(await pve.get(path`/nodes/${node}/network`, call, { type: 'any_bridge' }), 'network list');
  return rows.map((row) => ({
    name: requiredText(row, 'iface', 'network'),
    type: textOf(row, 'type') ?? 'bridge',
    active: flagOf(row, 'active'),
    vlanAware: flagOf(row, 'bridge_vlan_aware'),
  }));
}
