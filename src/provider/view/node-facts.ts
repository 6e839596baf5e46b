import type { Pve } from '#pve/connection/pve';
import type { NodeName } from '#pve/ids';
import { listCpuModels } from '#pve/nodes/capabilities';
import { type Bridge, listBridges } from '#pve/nodes/network';
import { readCpuMhz } from '#pve/nodes/status';
import { listStorages, type StorageEntry } from '#pve/nodes/storage';
import { type Cached, cached } from '#runtime/cached';
import type { Deadline } from '#runtime/deadline';

/** What a node has; read at most once a minute for all creates on it. */
export interface NodeFacts {
  bridges(node: NodeName, call: Deadline): Promise<readonly Bridge[]>;
  storages(node: NodeName, call: Deadline): Promise<readonly StorageEntry[]>;
  cpuModels(node: NodeName, call: Deadline): Promise<readonly string[]>;
  /** As it was first told: what a CPU runs at changes from one moment to the next. */
  cpuMhz(node: NodeName, call: Deadline): Promise<number | undefined>;
}

const MAX_AGE_MS = 60_000;
const FETCH_LIMIT_MS = 30_000;

export function createNodeFacts(pve: Pve): NodeFacts {
  const bridges = perNode(pve, listBridges);
  const storages = perNode(pve, listStorages);
  const cpuModels = perNode(pve, listCpuModels);
  const cpuMhz = perNode(pve, readCpuMhz);
  return {
    bridges: async (node, call) => await bridges(node).read(call, MAX_AGE_MS),
    storages: async (node, call) => await storages(node).read(call, MAX_AGE_MS),
    cpuModels: async (node, call) => await cpuModels(node).read(call, MAX_AGE_MS),
    cpuMhz: async (node, call) => await cpuMhz(node).read(call, Number.POSITIVE_INFINITY),
  };
}

function perNode<T>(
  pve: Pve,
  read: (pve: Pve, node: NodeName, call: Deadline) => Promise<T>,
): (node: NodeName) => Cached<T> {
  const known = new Map<NodeName, Cached<T>>();
  return (node) => {
    const facts = known.get(node) ?? cached(pve.clock, FETCH_LIMIT_MS, async (call) => await read(pve, node, call));
    known.set(node, facts);
    return facts;
  };
}
