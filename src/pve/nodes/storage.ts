import type { Deadline } from '#runtime/deadline';
import { asRows, flagOf, listOf, numberOf, requiredText, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName } from '../ids.ts';

/** A storage as one node sees it. Sizes are 0 where it is not active. */
export interface StorageEntry {
  readonly storage: string;
  /** `dir`, `lvmthin`, `nfs`, `rbd`, ... */
  readonly type: string;
  /** `images`, `iso`, `import`, ... */
  readonly content: readonly string[];
  readonly enabled: boolean;
  readonly active: boolean;
  readonly shared: boolean;
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/**
 * The storages of a node on which we hold Datastore.Audit or AllocateSpace (pve-behaviour 8.1). With `content` only
 * those that take it and are enabled on the node.
 */
export async function listStorages(
  pve: Pve,
  node: NodeName,
  call: Deadline,
  content?: string,
): Promise<readonly StorageEntry[]> {
  const rows = asRows(await pve.get(path`/nodes/${node}/storage`, call, { content }), 'storage list');
  return rows.map((row) => ({
    storage: requiredText(row, 'storage', 'storage'),
    type: textOf(row, 'type') ?? '',
    content: listOf(row, 'content'),
    enabled: flagOf(row, 'enabled'),
    active: flagOf(row, 'active'),
    shared: flagOf(row, 'shared'),
    totalBytes: numberOf(row, 'total') ?? 0,
    availableBytes: numberOf(row, 'avail') ?? 0,
  }));
}
