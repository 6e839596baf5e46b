import type { Deadline } from '#runtime/deadline';
import { asRow, textOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';

export interface ClusterOptions {
  /** First bytes of new MAC addresses, `BC:24:11`; undefined where none is set, and without Sys.Audit on `/`. */
  readonly macPrefix: string | undefined;
}

export async function readClusterOptions(pve: Pve, call: Deadline): Promise<ClusterOptions> {
  const row = asRow(await pve.get('/cluster/options', call), 'cluster options');
  return { macPrefix: textOf(row, 'mac_prefix') };
}
