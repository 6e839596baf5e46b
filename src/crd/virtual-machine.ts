// spec of VirtualMachine: upstream's fields, and beside them the documented ones (networks with bridge, vlan, mac and staticIP,
// disks with a size).
import { z } from 'zod';
import { strictObject } from './strict-object.ts';
import { localReference, name, quantity, reference, text } from './fields.ts';

const int = z.number().int();
const cloudInit = strictObject({ inline: text.optional(), secretRef: localReference.optional() });

const network = strictObject({
  name,
  networkRef: reference.optional(),
  /** Upstream's way to a static address; `prefix` is its mask. */
  ipAddress: text.optional(),
  prefix: int.min(1).max(128).optional(),
  gateway: text.optional(),
  dns: text.optional(),
  macAddress: text.optional(),
  /** As our documentation has it. */
  bridge: z.string().min(1).optional(),
  vlan: int.min(1).max(4094).optional(),
  mac: text.optional(),
  staticIP: strictObject({
    address: text,
    gateway: text.optional(),
    dns: z.array(text).optional(),
  }).optional(),
});

const disk = strictObject({
  name,
  size: quantity.optional(),
  sizeGiB: int.min(1).max(65_536).optional(),
  type: z.enum(['thin', 'thick', 'eagerzeroedthick', 'ssd', 'hdd']).optional(),
  storageClass: text.optional(),
  expandPolicy: z.enum(['Online', 'Offline']).optional(),
  scsi: strictObject({
    controller: int.min(0).max(3).optional(),
    controllerType: z.enum(['lsilogic', 'buslogic', 'lsilogic-sas', 'pvscsi']).optional(),
    sharedBus: z.enum(['noSharing', 'virtualSharing', 'physicalSharing']).optional(),
  }).optional(),
});

const importedDisk = strictObject({
  diskID: z.string().min(1).max(253),
  format: z.enum(['qcow2', 'vmdk', 'raw', 'vdi', 'vhdx']).optional(),
  migrationRef: localReference.optional(),
  path: text.optional(),
  sizeGiB: int.min(1).optional(),
  source: z.enum(['migration', 'clone', 'import', 'snapshot', 'manual']).optional(),
});

const resources = strictObject({
  cpu: int.min(1).max(128).optional(),
  memoryMiB: int.min(128).max(1_048_576).optional(),
  gpu: strictObject({
    count: int.min(1).max(8),
    memory: int.min(512).optional(),
    type: text.optional(),
  }).optional(),
});

const hook = strictObject({
  exec: strictObject({ command: z.array(text).min(1) }).optional(),
  httpGet: strictObject({
    port: int.min(1).max(65_535),
    host: text.optional(),
    path: text.optional(),
    scheme: z.enum(['HTTP', 'HTTPS']).optional(),
  }).optional(),
  snapshot: strictObject({
    name: text,
    description: text.optional(),
    includeMemory: z.boolean().optional(),
  }).optional(),
});

/** Unquoted `On` and `Off` are booleans in YAML 1.1, which is what kubectl reads. */
const powerState = z.union([z.enum(['On', 'Off', 'OffGraceful']), z.boolean()], {
  error: 'expected On, Off or OffGraceful',
});

export const virtualMachineSpec = strictObject({
  providerRef: reference.optional(),
  classRef: reference.optional(),
  imageRef: reference.optional(),
  importedDisk: importedDisk.optional(),
  powerState: powerState.optional(),
  networks: z.array(network).max(10).optional(),
  disks: z.array(disk).max(20).optional(),
  resources: resources.optional(),
  userData: strictObject({ cloudInit: cloudInit.optional(), ignition: cloudInit.optional() }).optional(),
  metaData: strictObject({ cloudInit: cloudInit.optional() }).optional(),
  placement: strictObject({
    cluster: text.optional(),
    datastore: text.optional(),
    folder: text.optional(),
    host: text.optional(),
    resourcePool: text.optional(),
    storagePod: text.optional(),
  }).optional(),
  placementRef: localReference.optional(),
  tags: z.array(text).max(50).optional(),
  lifecycle: strictObject({
    gracefulShutdownTimeout: text.optional(),
    postStart: hook.optional(),
    preStop: hook.optional(),
  }).optional(),
  snapshot: strictObject({ revertToRef: localReference.optional() }).optional(),
});

export type VirtualMachineSpec = z.output<typeof virtualMachineSpec>;
export type NetworkManifest = z.output<typeof network>;
export type DiskManifest = z.output<typeof disk>;
