import { describe, expect, it } from 'vitest';
import { OtherCluster } from '../errors.ts';
import type { NodeName } from '../ids.ts';
import { clusterWords, createClusterIdentity } from './identity.ts';
import type { ClusterStatus } from './status.ts';

function status(name: string | undefined, ...nodes: string[]): ClusterStatus {
  return {
    name,
    quorate: true,
    nodes: nodes.map((node, index) => ({ name: node as NodeName, online: true, local: index === 0 })),
  };
}

describe('the cluster that answered first', () => {
  const sim = status('sim', 'pve1', 'pve2', 'pve3');
  const rows: [string, ClusterStatus, ClusterStatus, boolean][] = [
    ['itself', sim, sim, true],
    ['itself with a node more', sim, status('sim', 'pve4', 'pve1', 'pve2', 'pve3'), true],
    ['itself with a node less', sim, status('sim', 'pve3', 'pve2'), true],
    ['one of its name with other nodes', sim, status('sim', 'x1', 'x2'), false],
    ['one of another name with its nodes', sim, status('dr', 'pve1', 'pve2', 'pve3'), false],
    ['one of its nodes in no cluster', sim, status(undefined, 'pve1'), false],
    ['a cluster with the node that was alone', status(undefined, 'pve1'), sim, false],
    ['the node that was alone', status(undefined, 'pve'), status(undefined, 'pve'), true],
    ['another node that is alone', status(undefined, 'pve'), status(undefined, 'pve1'), false],
  ];
  it.each(rows)('compared with %s', (_what, first, second, isSame) => {
    const identity = createClusterIdentity({ mayBeUnknown: true });
    expect(identity.known()).toBeUndefined();
    identity.confirm(first, 'a:8006');
    const compare = (): void => identity.confirm(second, 'b:8006');
    if (isSame) expect(compare).not.toThrow();
    else expect(compare).toThrow(OtherCluster);
    const held = isSame ? second : first;
    expect(identity.known()?.name).toBe(held.name);
    expect([...(identity.known()?.nodes ?? [])]).toEqual(held.nodes.map((node) => node.name));
  });

  it('may have lost every node of the first day, one after the other', () => {
    const identity = createClusterIdentity({ mayBeUnknown: true });
    for (const nodes of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ])
      identity.confirm(status('sim', ...nodes), 'a:8006');
    expect(() => identity.confirm(status('sim', 'a'), 'a:8006')).toThrow(OtherCluster);
  });

  it('has to have the name that was expected, and is not taken for ours without it', () => {
    const identity = createClusterIdentity({ expectedName: 'prod', mayBeUnknown: false });
    const words = 'a:8006 leads to cluster "sim" (pve1, pve2, pve3), not to cluster "prod"';
    expect(() => identity.confirm(sim, 'a:8006')).toThrow(words);
    expect(identity.known()).toBeUndefined();
    identity.confirm(status('prod', 'pve1'), 'b:8006');
    expect(identity.known()?.name).toBe('prod');
  });

  it('is named with at most three nodes', () => {
    const nodes = new Set(['a', 'b', 'c', 'd'] as NodeName[]);
    expect(clusterWords({ name: 'sim', nodes })).toBe('cluster "sim" (a, b, c, ...)');
    expect(clusterWords({ name: undefined, nodes: new Set(['pve' as NodeName]) })).toBe('the single node pve');
  });
});
