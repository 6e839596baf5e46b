import { Fault, invalidSpec } from '#domain/fault';
import { checkLabelTerm, type LabelSelector } from '#domain/label-selector';
import type { PlacementPolicy } from '#domain/placement-policy';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { mebibytes } from '../normalise-quantity.ts';
import { readSpec } from '../read-spec.ts';
import { NOT_ON_PVE, NOT_YET, refuse } from '../refuse.ts';
import { sayOnce } from '../say-once.ts';
import type { AntiAffinityManifest, LabelTermManifest, VmTermManifest } from './affinity.ts';
import { type VmPlacementPolicySpec, vmPlacementPolicySpec } from './spec.ts';

/** Throws `invalid-spec` naming object, field and remedy; `unsupported` for what cannot be done. */
export function normalisePlacementPolicy(policy: Manifest): PlacementPolicy {
  const spec = readSpec(vmPlacementPolicySpec, policy);
  const path = `${manifestTitle(policy)}: spec`;
  refuseUnsupported(spec, path);
  const { hard, constraints, resourceConstraints, antiAffinity } = spec;
  const memory = (said: string | number | undefined, field: string): number | undefined =>
    said === undefined ? undefined : mebibytes(said, `${path}.${field}`);
  const host = Array.isArray(antiAffinity) ? undefined : antiAffinity?.hostAntiAffinity;
  return {
    nodes: nodesOf(spec, path),
    avoid: avoided(antiAffinity, `${path}.antiAffinity`),
    maxVmsPerNode: sayOnce(path, {
      'constraints.maxVMsPerNode': constraints?.maxVMsPerNode,
      'antiAffinity.hostAntiAffinity.maxVMsPerHost': host?.enabled === true ? host.maxVMsPerHost : undefined,
    }),
    minFreeMemoryMib: sayOnce(path, {
      'constraints.minFreeMemory': memory(constraints?.minFreeMemory, 'constraints.minFreeMemory'),
      'resourceConstraints.minMemoryPerHost': memory(
        resourceConstraints?.minMemoryPerHost,
        'resourceConstraints.minMemoryPerHost',
      ),
    }),
    storage: only(hard?.datastores, `${path}.hard.datastores`),
    pool: only(hard?.resourcePools, `${path}.hard.resourcePools`),
    priority: spec.priority ?? 0,
  };
}

/** Either shape may name nodes; both together mean those that are in both, which one says more clearly with one list. */
function nodesOf({ nodeSelector = [], hard }: VmPlacementPolicySpec, path: string): readonly string[] {
  const hosts = hard?.hosts ?? [];
  const same = sayOnce(path, { nodeSelector: listText(nodeSelector), 'hard.hosts': listText(hosts) });
  return same === undefined || nodeSelector.length > 0 ? nodeSelector : hosts;
}

function listText(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : [...names].sort().join(', ');
}

/** A VM has its disks on one storage, and is in one pool. */
function only(names: readonly string[] | undefined, path: string): string | undefined {
  const [first, ...more] = names ?? [];
  if (more.length === 0) return first;
  const why = 'a choice between several is not supported by this version';
  throw new Fault('unsupported', { subject: path, why, remedy: 'Name one' });
}

/** The documented list is one selector, whose terms all hold; upstream's object has one for each term of its own. */
function avoided(said: VmPlacementPolicySpec['antiAffinity'], path: string): LabelSelector[] {
  if (said === undefined) return [];
  if (Array.isArray(said)) {
    return said.length === 0
      ? []
      : [{ terms: said.map((term, at) => labelTerm(term, `${path}[${at}]`)), namespaces: [] }];
  }
  const required = said.vmAntiAffinity?.requiredDuringScheduling ?? [];
  return required.map((term, at) => selector(term, `${path}.vmAntiAffinity.requiredDuringScheduling[${at}]`));
}

/** The label that every node of Kubernetes has; upstream's words for "on one host". */
const HOST_KEYS = ['kubernetes.io/hostname', 'host', 'node'];

function selector(term: VmTermManifest, path: string): LabelSelector {
  refuse(path, { topologyKey: HOST_KEYS.includes(term.topologyKey) ? undefined : term.topologyKey }, NODES_ONLY);
  refuse(path, { namespaceSelector: term.namespaceSelector }, NOT_YET);
  const { labelSelector, matchExpressions = [], namespaces = [] } = term;
  const labels = Object.entries(labelSelector?.matchLabels ?? {});
  const own = labelSelector?.matchExpressions ?? [];
  if (labels.length + own.length + matchExpressions.length === 0) {
    throw invalidSpec(`${path}.labelSelector`, 'it names no labels, and would mean every VM', 'Name a label');
  }
  return {
    terms: [
      ...labels.map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
      ...own.map((one, at) => labelTerm(one, `${path}.labelSelector.matchExpressions[${at}]`)),
      ...matchExpressions.map((one, at) => labelTerm(one, `${path}.matchExpressions[${at}]`)),
    ],
    namespaces,
  };
}

const NODES_ONLY = { why: 'VMs share a node of Proxmox VE or they do not', remedy: 'Write kubernetes.io/hostname' };

function labelTerm({ key, operator, values = [] }: LabelTermManifest, path: string): ReturnType<typeof checkLabelTerm> {
  return checkLabelTerm({ key, operator, values }, path);
}

function refuseUnsupported(spec: VmPlacementPolicySpec, path: string): void {
  const { hard, soft, affinity, resourceConstraints, securityConstraints, antiAffinity } = spec;
  const { hosts: _hosts, datastores: _datastores, resourcePools: _pools, ...otherPlaces } = hard ?? {};
  const { excludedHosts, excludedDatastores, networks, ...foreign } = otherPlaces;
  refuse(`${path}.hard`, { excludedHosts, excludedDatastores, networks }, NOT_YET);
  refuse(`${path}.hard`, foreign, NOT_ON_PVE);
  refuse(path, { soft }, { ...NOT_YET, remedy: 'Use hard, or remove it' });
  refuse(path, { affinity }, NOT_YET);
  const { minMemoryPerHost: _memory, preferredFeatures: _features, ...left } = resourceConstraints ?? {};
  refuse(`${path}.resourceConstraints`, left, NOT_YET);
  const { isolationLevel, ...security } = securityConstraints ?? {};
  const isolation = isolationLevel === 'none' ? undefined : isolationLevel;
  refuse(`${path}.securityConstraints`, { isolationLevel: isolation, ...security }, NOT_YET);
  if (antiAffinity !== undefined && !Array.isArray(antiAffinity)) {
    refuseKinds(antiAffinity, `${path}.antiAffinity`);
  }
}

function refuseKinds(said: AntiAffinityManifest, path: string): void {
  const { hostAntiAffinity: host, vmAntiAffinity, clusterAntiAffinity, datastoreAntiAffinity } = said;
  const isPreferred = host?.enabled === true && host.scope === 'preferred';
  const asked = {
    'hostAntiAffinity.scope': isPreferred ? host.scope : undefined,
    'hostAntiAffinity.enabled': host?.enabled === true && host.maxVMsPerHost === undefined,
    'clusterAntiAffinity.enabled': clusterAntiAffinity?.enabled,
    'datastoreAntiAffinity.enabled': datastoreAntiAffinity?.enabled,
    'applicationAntiAffinity.enabled': said.applicationAntiAffinity?.enabled,
    'vmAntiAffinity.preferredDuringScheduling': vmAntiAffinity?.preferredDuringScheduling,
  };
  refuse(path, asked, { ...NOT_YET, remedy: 'Name labels (key, operator, values), or constraints.maxVMsPerNode' });
}
