// spec of VirtualMachine: upstream's fields, and beside them the documented ones.
import { z } from 'zod';
import { localReference, reference, text, texts, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { disk, importedDisk } from './disk.ts';
import { metaData, userData } from './guest-data.ts';
import { lifecycle } from './lifecycle.ts';
import { network } from './network.ts';

const gpu = strictObject({
  count: whole('How many.', 1, 8),
  ...optional({
    memory: whole('Memory in MiB.', 512),
    type: z
      .string()
      .regex(/^[a-zA-Z0-9-_]+$/)
      .describe('Type.'),
  }),
}).describe('Not supported yet: refused.');

export const resources = optionalObject({
  cpu: whole('Number of virtual CPUs.', 1, 128),
  memoryMiB: whole('Memory in MiB.', 128, 1_048_576),
  gpu,
});

const placement = optionalObject({
  host: text('The node of Proxmox VE it has to be on.'),
  datastore: text('Storage of Proxmox VE for its disks.'),
  resourcePool: text('Pool of Proxmox VE it joins.'),
  cluster: text('Of vSphere: refused. One Provider is one cluster.'),
  folder: text('Of vSphere: refused.'),
  storagePod: text('Of vSphere: refused.'),
}).describe('Where it may be.');

/** Unquoted `On` and `Off` are booleans in YAML 1.1, which is what kubectl reads. */
const powerState = z
  .union([z.enum(['On', 'Off', 'OffGraceful']), z.boolean()], { error: 'expected On, Off or OffGraceful' })
  .describe(
    'Whether it runs. `OffGraceful` shuts the guest down, `Off` cuts its power. YAML makes `true` of `On`: the same. By default as it was last said, at first `On`.',
  );

export const virtualMachineSpec = optionalObject({
  providerRef: reference('The Provider that has the VM.'),
  classRef: reference('The VMClass with its CPUs and memory.'),
  imageRef: reference('The VMImage its boot disk is made of.'),
  importedDisk,
  powerState,
  networks: z.array(network).max(10).describe('Its network cards. Without any it has those of the template.'),
  disks: z
    .array(disk)
    .max(20)
    .meta({
      description: 'Its disks. Those of the template that are not named stay as they are.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  resources: resources.describe('CPUs and memory that differ from those of its class.'),
  userData,
  metaData,
  placement,
  placementRef: localReference("The VMPlacementPolicy it follows; by default the namespace's own."),
  tags: texts('Tags in Proxmox VE.', 50),
  lifecycle,
  snapshot: optionalObject({
    revertToRef: localReference('The VMSnapshot to go back to. Not supported yet: refused.'),
  }).describe('Snapshots.'),
});

export type VirtualMachineSpec = z.output<typeof virtualMachineSpec>;
