import { listAclPaths } from '#pve/access/acl';
import type { Permissions } from '#pve/access/permissions';
import { readPermissions } from '#pve/access/permissions';
import { type ClusterOptions, readClusterOptions } from '#pve/cluster/options';
import type { Pve } from '#pve/connection/pve';
import type { PveVersion } from '#pve/rules/versions';
import { type Cached, cached } from '#runtime/cached';
import type { Clock } from '#runtime/clock';
import { createLanes, type Lanes } from '#runtime/lanes';
import type { Logger } from '#runtime/log';
import type { Contact } from './contact.ts';
import type { ProviderSettings } from './settings.ts';
import { type ClusterView, createClusterView } from './view/cluster-view.ts';
import { createNodeFacts, type NodeFacts } from './view/node-facts.ts';
import { createVmMemory, type VmMemory } from './view/vm-memory.ts';

/** What every call of the provider works with. Nothing in here has to survive the process: PVE is the store. */
export interface Context {
  readonly pve: Pve;
  /** As it was at the first contact. */
  readonly version: PveVersion;
  readonly settings: ProviderSettings;
  /** Our name among all that write to this PVE cluster. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly view: ClusterView;
  readonly permissions: Cached<Permissions>;
  /** Paths with an entry of their own in PVE's access control list. */
  readonly aclPaths: Cached<ReadonlySet<string>>;
  readonly options: Cached<ClusterOptions>;
  readonly nodes: NodeFacts;
  readonly vms: VmMemory;
  /**
   * PVE fails where it should queue: its locks wait a second or ten and then give up. So we queue on our side, entering
   * `owner:`, `template:`, `node:`, `vm:`, `pool` and `user.cfg` in this order, `agent:` on its own.
   */
  readonly lanes: Lanes;
  /** Aborted when the process ends: what has outlived its call ends with it. */
  readonly stopping: AbortSignal;
}

const FETCH_LIMIT_MS = 30_000;

interface ContextBase extends Pick<Context, 'pve' | 'settings' | 'instance' | 'log' | 'stopping'> {
  readonly contact: Contact;
}

export function createContext({ contact, ...base }: ContextBase): Context {
  const { pve } = base;
  const { clock } = pve;
  return {
    ...base,
    get version() {
      return contact.version();
    },
    clock,
    view: createClusterView(pve),
    permissions: cached(clock, FETCH_LIMIT_MS, async (call) => await readPermissions(pve, call)),
    aclPaths: cached(clock, FETCH_LIMIT_MS, async (call) => await listAclPaths(pve, call)),
    options: cached(clock, FETCH_LIMIT_MS, async (call) => await readClusterOptions(pve, call)),
    nodes: createNodeFacts(pve),
    vms: createVmMemory(clock),
    lanes: createLanes(),
  };
}
