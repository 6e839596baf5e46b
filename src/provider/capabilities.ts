import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetCapabilitiesResponseSchema } from '#rpc/contract';

/** Only what is wired: the manager builds on every word of it. */
export const capabilities: MessageInitShape<typeof GetCapabilitiesResponseSchema> = {
  supportsSnapshots: true,
  supportsMemorySnapshots: true,
  supportedNetworkTypes: ['bridge', 'vlan'],
};
