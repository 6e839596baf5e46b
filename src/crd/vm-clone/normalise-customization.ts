import type { Customization, CustomizedNic } from '#domain/clone-order';
import { invalidSpec } from '#domain/fault';
import { normaliseTags, parseMac } from '#domain/names';
import type { Manifest } from '../manifests.ts';
import { refuse } from '../refuse.ts';
import { normaliseSshKeys, normaliseUserData } from '../virtual-machine/normalise-documents.ts';
import type { CustomizationManifest } from './customization.ts';

/** Throws `invalid-spec` or `unsupported` under `path`. */
export function normaliseCustomization(
  said: CustomizationManifest | undefined,
  clone: Manifest,
  path: string,
): Customization {
  refuseImpossible(said, path);
  return {
    hostname: said?.hostname,
    domain: emptyIsUnsaid(said?.domain),
    timeZone: emptyIsUnsaid(said?.timeZone),
    networks: said?.networks?.map((network, index) => normaliseNic(network, `${path}.networks[${index}]`)),
    userData: normaliseUserData(said?.userData, clone, `${path}.userData`),
    sshKeys: normaliseSshKeys(said?.userData?.sshKeys, clone),
    tags: normaliseTags(said?.tags ?? [], `${path}.tags`),
  };
}

function refuseImpossible(said: CustomizationManifest | undefined, path: string): void {
  const sysprep = { 'sysprep.enabled': said?.sysprep?.enabled };
  refuse(path, sysprep, { why: 'PVE has no such thing', remedy: 'Generalise the source, and give an answer file' });
  const guest = 'it would need a guest that runs, with its agent';
  refuse(path, { guestCommands: said?.guestCommands }, { why: guest, remedy: 'Use "runcmd" in the user data' });
  const remedy = 'Use "ca_certs" or "write_files" in the user data';
  refuse(path, { certificates: said?.certificates }, { why: 'PVE has no such thing', remedy });
}

type Network = NonNullable<CustomizationManifest['networks']>[number];

/** Which mask and gateway go with which address is for the provider to say, which knows the NICs of the source. */
function normaliseNic(network: Network, path: string): CustomizedNic {
  const { macAddress = '', dhcp } = network;
  const mac = macAddress === '' ? undefined : parseMac(macAddress);
  if (macAddress !== '' && mac === undefined) {
    throw invalidSpec(
      `${path}.macAddress`,
      `"${macAddress}" is not a unicast MAC`,
      'Write it like "02:00:00:aa:bb:cc"',
    );
  }
  if (dhcp === true && network.ipAddress !== undefined) {
    throw invalidSpec(`${path}.dhcp`, 'there is a static address beside it', 'Keep one of the two');
  }
  return {
    name: network.name,
    dhcp,
    ipAddress: emptyIsUnsaid(network.ipAddress),
    subnetMask: emptyIsUnsaid(network.subnetMask),
    gateway: emptyIsUnsaid(network.gateway),
    dns: network.dns ?? [],
    mac,
  };
}

function emptyIsUnsaid(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
