import { z } from 'zod';
import { conditions, flag, oneOf, podReference, text, time, whole } from '../fields.ts';
import { optionalObject } from '../strict-object.ts';

const CAPABILITIES = [
  'VirtualMachines',
  'Snapshots',
  'Cloning',
  'LiveMigration',
  'ConsoleAccess',
  'DiskManagement',
  'NetworkManagement',
  'GPUPassthrough',
  'HighAvailability',
  'Backup',
  'Templates',
] as const;

const list = (about: string) => z.array(z.string()).describe(about);

const reportedCapabilities = optionalObject({
  supportsReconfigureOnline: flag('Whether VMs are changed while they run.'),
  supportsDiskExpansionOnline: flag('Whether disks grow while VMs run.'),
  supportsSnapshots: flag('Whether there are snapshots.'),
  supportsMemorySnapshots: flag('Whether there are snapshots with memory.'),
  supportsLinkedClones: flag('Whether there are linked clones.'),
  supportsImageImport: flag('Whether images are fetched.'),
  supportsDiskExport: flag('Whether disks are exported.'),
  supportsDiskImport: flag('Whether disks are imported.'),
  supportsExportCompression: flag('Whether exports are compressed.'),
  supportedDiskTypes: list('Types of disks.'),
  supportedNetworkTypes: list('Types of networks.'),
  supportedExportFormats: list('Formats of exports.'),
  supportedImportFormats: list('Formats of imports.'),
  supportedExportBackends: list('Where exports go.'),
  supportedImportBackends: list('Where imports come from.'),
  supportedTransferModes: list('How disks are transferred.'),
}).describe('What the provider says it can do.');

const usage = (about: string) =>
  optionalObject({
    total: whole('All of it.', 0),
    used: whole('Used.', 0),
    available: whole('Free.', 0),
    usagePercent: whole('Used, in percent.', 0),
  }).describe(about);

const resourceUsage = optionalObject({
  cpu: usage('CPUs.'),
  memory: usage('Memory in bytes.'),
  storage: usage('Storage in bytes.'),
  network: optionalObject({
    bytesReceived: whole('Bytes received.', 0),
    bytesSent: whole('Bytes sent.', 0),
    packetsReceived: whole('Packets received.', 0),
    packetsSent: whole('Packets sent.', 0),
  }).describe('Network.'),
}).describe('What is used of what it has.');

const runtimeStatus = optionalObject({
  mode: oneOf('How it runs.', ['Remote']),
  phase: oneOf('What is going on.', ['Pending', 'Starting', 'Running', 'Stopping', 'Failed']),
  message: text('The same, in a sentence.'),
  endpoint: text('Where it serves gRPC.'),
  serviceRef: podReference('Its Service.'),
  readyReplicas: whole('Pods that are ready.', 0),
  availableReplicas: whole('Pods that are available.', 0),
}).describe('The provider process.');

const adoption = optionalObject({
  discoveredVMs: whole('VMs that were found.', 0),
  adoptedVMs: whole('VMs that were adopted.', 0),
  failedAdoptions: whole('VMs that could not be adopted.', 0),
  lastDiscoveryTime: time('When it was last looked for some.'),
  message: text('How it went.'),
}).describe('VMs that were there before.');

export const providerStatus = optionalObject({
  ...conditions,
  message: text('How it is, in a sentence.'),
  healthy: flag('Whether the provider reaches its API.'),
  lastHealthCheck: time('When that was last looked at.'),
  connectedVMs: whole('VirtualMachines it has.', 0),
  version: text('Version of the API behind it.'),
  runtime: runtimeStatus,
  capabilities: z.array(z.enum(CAPABILITIES)).describe('What it can do, in words.'),
  reportedCapabilities,
  resourceUsage,
  adoption,
});
