// Where a new VM can be: the nodes that the request and the settings leave, the most free memory first, and the first of
// them that can take it.
import { Fault, type FaultKind, invalidSpec } from '#domain/fault';
import type { NodeSight } from '#pve/cluster/resources';
import type { NodeName } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { type CreateOrder, createFault } from '../create-order.ts';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';

export interface Search {
  readonly order: CreateOrder;
  readonly snapshot: Snapshot;
  /** Where the VM is made unless somebody asks for another node; none where any node will do. */
  readonly homes: readonly NodeName[];
  /** The node that an earlier search has found, and no other. */
  readonly only?: NodeName | undefined;
}

/** What leaves only some nodes, by the field that says so. */
interface Limit {
  readonly field: string;
  readonly nodes: readonly string[];
}

/** Throws what keeps the VM from a node; writes nothing. `asked` is the field that has led there. */
type Attempt<T> = (node: NodeName, asked: string) => Promise<T>;

/**
 * What `attempt` gives for the first node that can take the VM. Throws why none can, node by node.
 */
export async function onBestNode<T>(ctx: Context, search: Search, attempt: Attempt<T>, call: Deadline): Promise<T> {
  const limits = limitsOf(ctx, search);
  const preferred = ctx.settings.nodeSelectorMode === 'prefer' ? ctx.settings.nodeSelector : [];
  const { homes, only } = search;
  const [home] = homes;
  const asked = limits[0]?.field ?? 'PVE_NODE_SELECTOR';
  if (only !== undefined) return await attempt(only, asked);
  const staysHome = home !== undefined && limits.length === 0 && preferred.length === 0;
  if (staysHome && homes.length === 1) return await attempt(home, asked);
  const nodes = [...search.snapshot.nodes.values()];
  const allowed = staysHome ? nodes.filter(({ name }) => homes.includes(name)) : applyLimits(nodes, limits);
  const refusals: Refusal[] = [];
  for (const node of ranked(search, allowed, preferred)) {
    try {
      if (!node.online) throw isOffline(search.order, node.name);
      return await attempt(node.name, asked);
    } catch (error) {
      call.signal.throwIfAborted();
      refusals.push({ node: node.name, fault: createFault(error, search.order) });
    }
  }
  throw refusedEverywhere(search, limits, refusals);
}

function limitsOf(ctx: Context, { order: { spec }, homes }: Search): Limit[] {
  const { placement, image } = spec;
  const { nodeSelector, nodeSelectorMode } = ctx.settings;
  const isMust = nodeSelectorMode === 'require' && nodeSelector.length > 0;
  return [
    ...(placement.node === undefined ? [] : [{ field: 'placement_json.Host', nodes: [placement.node] }]),
    ...(placement.nodes.length === 0 ? [] : [{ field: 'placement_json.Nodes', nodes: placement.nodes }]),
    // The node of a template says which one is meant; a medium or an image is there, so the VM is.
    ...(image.node === undefined || homes.length > 0 ? [] : [{ field: 'image_json.Node', nodes: [image.node] }]),
    ...(isMust ? [{ field: 'PVE_NODE_SELECTOR', nodes: nodeSelector }] : []),
  ];
}

function applyLimits(nodes: readonly NodeSight[], limits: readonly Limit[]): readonly NodeSight[] {
  const names: readonly string[] = nodes.map((node) => node.name);
  for (const { field, nodes: wanted } of limits) {
    const unknown = wanted.find((name) => !names.includes(name));
    // A node that was taken out of the cluster need not be taken out of a list at once.
    if (unknown === undefined || wanted.some((name) => names.includes(name))) continue;
    throw invalidSpec(field, `there is no node "${unknown}"`, `Nodes: ${names.toSorted().join(', ')}`);
  }
  const left = nodes.filter(({ name }) => limits.every((limit) => limit.nodes.includes(name)));
  const [first, ...others] = limits;
  if (left.length > 0 || first === undefined) return left;
  const words = (limit: Limit): string => `${limit.field} (${limit.nodes.join(', ')})`;
  throw invalidSpec(
    first.field,
    `no node is in all of ${[first, ...others].map(words).join(' and ')}`,
    'Name a node that is in each of them',
  );
}

/** The preferred ones, then the VM's homes or, without any, all others; within these the most free memory first. */
function ranked(
  { snapshot, homes }: Search,
  allowed: readonly NodeSight[],
  preferred: readonly string[],
): readonly NodeSight[] {
  const isPreferred = ({ name }: NodeSight): boolean => preferred.includes(name);
  const guests = guestsPerNode(snapshot);
  const sorted = allowed.toSorted(
    (a, b) =>
      freeMemory(b) - freeMemory(a) ||
      (guests.get(a.name) ?? 0) - (guests.get(b.name) ?? 0) ||
      a.name.localeCompare(b.name),
  );
  if (preferred.length === 0) return sorted;
  const others = sorted.filter((node) => !isPreferred(node));
  const atHome = others.filter(({ name }) => homes.includes(name));
  return [...sorted.filter(isPreferred), ...(atHome.length > 0 ? atHome : others)];
}

/** Bytes; at most ten seconds old, as all of PVE's figures are. */
function freeMemory({ maxMemoryBytes = 0, memoryBytes = 0 }: NodeSight): number {
  return maxMemoryBytes - memoryBytes;
}

function guestsPerNode({ guests }: Snapshot): ReadonlyMap<NodeName, number> {
  const counts = new Map<NodeName, number>();
  for (const { node } of guests.values()) counts.set(node, (counts.get(node) ?? 0) + 1);
  return counts;
}

interface Refusal {
  readonly node: NodeName;
  readonly fault: Fault;
}

function isOffline({ spec }: CreateOrder, node: NodeName): Fault {
  return new Fault('precondition', {
    subject: vmSubject({ name: spec.name, node }),
    wanted: 'create',
    why: `node ${node} is offline`,
    remedy: 'Bring the node back, or allow another one',
  });
}

/** One reason that has nothing to do with the nodes is told as it is. */
function refusedEverywhere({ order }: Search, limits: readonly Limit[], refusals: readonly Refusal[]): Fault {
  const [first, ...others] = refusals.map(({ fault }) => fault);
  if (first === undefined) throw new RangeError('there is no node');
  const isSame = ({ text }: Fault): boolean => text.subject === first.text.subject && text.why === first.text.why;
  if (others.every(isSame)) return first;
  const fields = limits.map(({ field }) => field).join(' and ');
  const isOneField = others.every(({ text }) => text.subject === first.text.subject);
  const reasons = refusals
    .map(({ node, fault: { text } }) => [node, ...(isOneField ? [] : [text.subject]), text.why].join(': '))
    .join('; ');
  return new Fault(kindOf(refusals), {
    subject: isOneField ? first.text.subject : vmSubject({ name: order.spec.name }),
    wanted: 'create',
    why: `no node${fields === '' ? '' : ` of ${fields}`} can take it: ${reasons}`,
    remedy: first.text.remedy ?? 'Allow other nodes',
  });
}

/** What may pass on one node is worth another try; what is a mistake on each of them is one. */
function kindOf(refusals: readonly Refusal[]): FaultKind {
  const kinds = new Set(refusals.map(({ fault }) => fault.kind));
  const [only] = kinds;
  if (only !== undefined && kinds.size === 1) return only;
  return kinds.has('busy') ? 'busy' : 'precondition';
}
