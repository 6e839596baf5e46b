// Which VMs, hosts and storages belong together or apart: upstream's shape, and the documented list of label terms.
import { z } from 'zod';
import { flag, oneOf, text, textMap, texts, whole, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

/** One term about labels of VirtualMachines; the documented anti-affinity is a list of these. */
export const labelTerm = strictObject({
  key: word('Label of VirtualMachines.', 317),
  operator: oneOf('How the label is compared.', OPERATORS),
  ...optional({ values: texts('Values it is compared with.', 50) }),
});

const labelSelector = optionalObject({
  matchLabels: textMap('Labels with their values.'),
  matchExpressions: z.array(labelTerm).max(20).describe('Terms about labels.'),
});

const vmTerm = strictObject({
  topologyKey: word('What is shared or not: `kubernetes.io/hostname` is a node of Proxmox VE.', 253),
  ...optional({
    labelSelector: labelSelector.describe('Labels of the other VirtualMachines.'),
    matchExpressions: z.array(labelTerm).max(20).describe('Terms about their labels.'),
    namespaceSelector: labelSelector.describe('Labels of their namespaces.'),
    namespaces: texts('Their namespaces.', 20),
  }),
}).describe('Other VirtualMachines, and what is shared with them or not.');

const vmTerms = (about: string) =>
  optionalObject({
    requiredDuringScheduling: z.array(vmTerm).max(20).describe('What has to hold.'),
    preferredDuringScheduling: z
      .array(strictObject({ weight: whole('How much it matters.', 1, 100), vmAffinityTerm: vmTerm }))
      .max(20)
      .describe('What is to hold if it can be.'),
  }).describe(about);

const scope = oneOf('Whether it has to hold.', ['strict', 'preferred']);

const preferring = <Field extends string>(about: string, field: Field, max: number) =>
  strictObject({
    enabled: flag('Whether.'),
    ...optional({ [field]: texts('Which are preferred.', max) } as Record<Field, ReturnType<typeof texts>>),
    ...optional({ scope }),
  }).describe(about);

export const affinity = optionalObject({
  hostAffinity: preferring('Nodes.', 'preferredHosts', 50),
  clusterAffinity: preferring('Clusters.', 'preferredClusters', 20),
  datastoreAffinity: preferring('Storages.', 'preferredDatastores', 50),
  zoneAffinity: preferring('Zones.', 'preferredZones', 10),
  applicationAffinity: strictObject({
    enabled: flag('Whether.'),
    ...optional({ applicationLabel: text('Label that names the application; `app` by default.'), scope }),
  }).describe('VMs of one application.'),
  vmAffinity: vmTerms('Other VMs.'),
}).describe('What belongs together. Not supported yet: refused where it is enabled.');

const spreading = (about: string, per: string, most: number) =>
  strictObject({
    enabled: flag('Whether.'),
    ...optional({ [`maxVMsPer${per}`]: whole('Most VMs on one.', 1, most), scope }),
  }).describe(about);

const antiAffinityObject = optionalObject({
  hostAntiAffinity: strictObject({
    enabled: flag('Whether.'),
    ...optional({ maxVMsPerHost: whole('Most VMs on one node.', 1, 1000), scope }),
  }).describe('Nodes.'),
  clusterAntiAffinity: spreading('Clusters.', 'Cluster', 10_000),
  datastoreAntiAffinity: spreading('Storages.', 'Datastore', 10_000),
  applicationAntiAffinity: strictObject({
    enabled: flag('Whether.'),
    ...optional({ applicationLabel: text('Label that names the application; `app` by default.'), scope }),
  }).describe('VMs of one application.'),
  vmAntiAffinity: vmTerms('Other VMs.'),
});

export const antiAffinity = z
  .union([z.array(labelTerm).max(20), antiAffinityObject], {
    error: 'expected a list of terms with key, operator and values, or an object',
  })
  .describe(
    'VMs it never shares a node with: a list of terms about labels, all of which hold of them; or an object with kinds of them.',
  );

export type LabelTermManifest = z.output<typeof labelTerm>;
export type VmTermManifest = z.output<typeof vmTerm>;
export type AntiAffinityManifest = z.output<typeof antiAffinityObject>;
