// Which cluster is played, and in which versions.
import { profileOf } from '../profiles/profiles.ts';
import type { ClusterData } from './cluster-data.ts';
import { CLUSTERS } from './clusters.ts';

/** @throws for a cluster, a node or a version that is not there */
export function chooseCluster(
  cluster: string | ClusterData,
  profile: string | Readonly<Record<string, string>>,
): ClusterData {
  return withProfiles(clusterData(cluster), profile);
}

function clusterData(cluster: string | ClusterData): ClusterData {
  if (typeof cluster !== 'string') return cluster;
  const known = CLUSTERS[cluster];
  if (known === undefined) {
    throw new Error(`there is no cluster '${cluster}'; known: ${Object.keys(CLUSTERS).join(', ')}`);
  }
  return known;
}

function withProfiles(data: ClusterData, profile: string | Readonly<Record<string, string>>): ClusterData {
  const isSame = typeof profile === 'string';
  const own = isSame ? {} : profile;
  const nodes = data.nodes.map((node) => ({
    ...node,
    pve: isSame ? profile : (own[node.name] ?? node.pve ?? data.pve),
  }));
  const stranger = Object.keys(own).find((name) => !nodes.some((node) => node.name === name));
  if (stranger !== undefined) {
    throw new Error(`there is no node '${stranger}'; known: ${nodes.map(({ name }) => name).join(', ')}`);
  }
  for (const { pve } of nodes) profileOf(pve);
  return { ...data, nodes };
}
