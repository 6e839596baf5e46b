import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetCapabilitiesResponseSchema } from '#rpc/contract';

/** Only what is wired: the manager builds on every word of it. It is asked before PVE is reached, so no version counts here. */
export const capabilities: MessageInitShape<typeof GetCapabilitiesResponseSchema> = {
  supportsReconfigureOnline: true,
  supportsDiskExpansionOnline: true,
  supportsSnapshots: true,
  supportsMemorySnapshots: true,
  supportsLinkedClones: true,
  supportsImageImport: true,
  // The formats of disks that VMs of ours have: files as their type asks for, all else raw.
  supportedDiskTypes: ['raw', 'qcow2'],
  supportedNetworkTypes: ['bridge', 'vlan'],
  // A node fetches from where the image was put; it puts none anywhere itself.
  supportsDiskImport: true,
  supportedImportFormats: ['qcow2', 'raw', 'vmdk'],
  supportedImportBackends: ['s3', 'https'],
  supportedTransferModes: ['relay'],
};
