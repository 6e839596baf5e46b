// spec of VMPlacementPolicy: upstream's fields, and beside them the documented nodeSelector, antiAffinity list and constraints.
import { z } from 'zod';
import { flag, oneOf, quantity, text, textMap, texts, whole, words } from '../fields.ts';
import { optionalObject } from '../strict-object.ts';
import { affinity, antiAffinity } from './affinity.ts';

const toleration = optionalObject({
  key: text('Key.', 253),
  operator: oneOf('How it is compared.', ['Exists', 'Equal']),
  value: text('Value.', 253),
  effect: oneOf('Effect.', ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  tolerationSeconds: whole('How long.', 0),
});

const places = (about: string) =>
  optionalObject({
    hosts: words('Nodes of Proxmox VE.', 200),
    excludedHosts: texts('Nodes that are not meant.', 200),
    datastores: words('Storages.', 100),
    excludedDatastores: texts('Storages that are not meant.', 100),
    resourcePools: words('Pools.', 100),
    networks: texts('Networks. Not supported: refused.', 50),
    clusters: texts('Of vSphere: refused. One Provider is one cluster.', 50),
    excludedClusters: texts('Of vSphere: refused.', 50),
    folders: texts('Of vSphere: refused.', 50),
    zones: texts('Proxmox VE has none: refused.', 20),
    regions: texts('Proxmox VE has none: refused.', 20),
    nodeSelector: textMap('Labels of nodes. Nodes of Proxmox VE have none: refused. Name `hosts`.'),
    tolerations: z.array(toleration).max(20).describe('Nodes of Proxmox VE have no taints: refused.'),
  }).describe(about);

const resourceConstraints = optionalObject({
  minMemoryPerHost: quantity('Memory that stays free on the node. The same as `constraints.minFreeMemory`.'),
  minCPUPerHost: whole('Not supported yet: refused.', 1),
  minDiskSpacePerHost: quantity('Not supported yet: refused.'),
  maxCPUUtilization: whole('Not supported yet: refused.', 0, 100),
  maxMemoryUtilization: whole('Not supported yet: refused.', 0, 100),
  maxDiskUtilization: whole('Not supported yet: refused.', 0, 100),
  requiredFeatures: texts('Not supported: refused.', 20),
  preferredFeatures: texts('Of no effect.', 20),
}).describe('What has to be left on a node.');

const securityConstraints = optionalObject({
  requireSecureBoot: flag('Not supported yet: refused where it is true. The class says it.'),
  requireTPM: flag('Not supported yet: refused where it is true. The class says it.'),
  requireEncryptedStorage: flag('Not supported: refused where it is true.'),
  requireNUMATopology: flag('Not supported: refused where it is true.'),
  allowedSecurityGroups: texts('Not supported: refused.', 20),
  deniedSecurityGroups: texts('Not supported: refused.', 20),
  isolationLevel: oneOf('Not supported: anything but `none` is refused.', ['none', 'basic', 'strict', 'maximum']),
  trustLevel: oneOf('Not supported: refused.', ['untrusted', 'basic', 'trusted', 'highly-trusted']),
}).describe('What its host has to be like.');

const constraints = optionalObject({
  maxVMsPerNode: whole('A node with that many VMs takes no more.', 1),
  minFreeMemory: quantity('Memory that stays free on the node, such as `4Gi`.'),
}).describe('What has to be left on a node.');

export const vmPlacementPolicySpec = optionalObject({
  nodeSelector: words('The only nodes of Proxmox VE the VMs may be on.', 200),
  antiAffinity,
  constraints,
  hard: places('Where the VMs have to be.'),
  soft: places('Where the VMs are preferably. Not supported yet: refused.'),
  affinity,
  resourceConstraints,
  securityConstraints,
  priority: whole('Which of several policies wins: the highest.', 0, 1000),
  weight: whole('Of no effect: nothing is preferred yet.', 1, 100),
});

export type VmPlacementPolicySpec = z.output<typeof vmPlacementPolicySpec>;
