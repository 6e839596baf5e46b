import type { IsoFile } from './iso.ts';
import { mergeMetaData } from './meta-data.ts';
import { networkConfig, type SeedNic } from './network-config.ts';

export interface NoCloudInput {
  /** Where the owner's meta data gives none. A new one makes cloud-init run its first-boot modules again. */
  readonly instanceId: string;
  /** The VM's name, also a dotted one; where the owner's meta data gives none. */
  readonly hostname: string;
  readonly userData: Uint8Array | undefined;
  readonly metaData: Uint8Array | undefined;
  /** All NICs of the VM in their order, also those the template brought and no request names (these get DHCP). */
  readonly nics: readonly SeedNic[];
}

/**
 * The files of a NoCloud seed: `user-data` byte for byte as given (empty where there is none: cloud-init wants the
 * file), `meta-data`, and `network-config`. The owner's meta data wins: over our instance-id and host name, and with a
 * `network-config` or `network` of its own over the configuration made from the NICs. With neither NICs nor such a key
 * there is no network-config, and cloud-init falls back to DHCP on the first NIC it sees.
 * Throws `invalid-spec` naming `meta_data` where that cannot be read.
 */
export function noCloudFiles(input: NoCloudInput): IsoFile[] {
  const metaData = mergeMetaData(input.metaData, {
    'instance-id': input.instanceId,
    'local-hostname': input.hostname,
  });
  const network = metaData.networkConfig ?? (input.nics.length === 0 ? undefined : networkConfig(input.nics));
  return [
    { name: 'user-data', bytes: input.userData ?? new Uint8Array() },
    { name: 'meta-data', bytes: encode(metaData.text) },
    ...(network === undefined ? [] : [{ name: 'network-config', bytes: encode(network) }]),
  ];
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
