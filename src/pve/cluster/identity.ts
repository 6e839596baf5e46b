// Which cluster this is. All that is known of a VM is true of one cluster only: the same VMID elsewhere is another VM,
// and its absence elsewhere says nothing.
import { OtherCluster } from '../errors.ts';
import type { NodeName } from '../ids.ts';
import type { ClusterStatus } from './status.ts';

export interface KnownCluster {
  /** Undefined for a node that is in no cluster. */
  readonly name: string | undefined;
  readonly nodes: ReadonlySet<NodeName>;
}

export interface ClusterIdentityOptions {
  /** The name the cluster has to have; absent: the first one that answers is the one. */
  readonly expectedName?: string;
  /** Whether it may go on unknown where PVE refuses to tell (no Sys.Audit on `/`). */
  readonly mayBeUnknown: boolean;
}

export interface ClusterIdentity {
  readonly mayBeUnknown: boolean;
  /** Undefined before the first answer. */
  known(): KnownCluster | undefined;
  /**
   * Takes the first status for that of our cluster, and holds the others to it: the same name, and a node in common,
   * since nodes come and go. Throws `OtherCluster`.
   * @param endpoint `host:port` that answered.
   */
  confirm(status: ClusterStatus, endpoint: string): void;
}

export function createClusterIdentity({ expectedName, mayBeUnknown }: ClusterIdentityOptions): ClusterIdentity {
  let known: KnownCluster | undefined;
  return {
    mayBeUnknown,
    known: () => known,
    confirm: (status, endpoint) => {
      const found = { name: status.name, nodes: new Set(status.nodes.map((node) => node.name)) };
      const isOurs = known === undefined ? isNamed(found, expectedName) : isSame(known, found);
      if (!isOurs) {
        const ours = known === undefined ? `cluster "${expectedName ?? ''}"` : clusterWords(known);
        throw new OtherCluster({ endpoint, known: ours, found: clusterWords(found) });
      }
      known = found;
    },
  };
}

function isNamed(found: KnownCluster, expectedName: string | undefined): boolean {
  return expectedName === undefined || found.name === expectedName;
}

function isSame(known: KnownCluster, found: KnownCluster): boolean {
  return known.name === found.name && [...found.nodes].some((node) => known.nodes.has(node));
}

const NODES_SHOWN = 3;

/** `cluster "sim" (pve1, pve2, pve3, ...)`, `the single node pve`. */
export function clusterWords({ name, nodes }: KnownCluster): string {
  const [first = '?'] = nodes;
  if (name === undefined) return `the single node ${first}`;
  const more = nodes.size > NODES_SHOWN ? ', ...' : '';
  return `cluster "${name}" (${[...nodes].slice(0, NODES_SHOWN).join(', ')}${more})`;
}
