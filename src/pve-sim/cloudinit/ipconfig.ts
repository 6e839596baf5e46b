// The address configuration of one NIC, `ipconfigN`, as it is read when the documents are made (pve-behaviour 18.3).
import { failure } from '../pve-error.ts';
import { parseProperties } from '../world/property-string.ts';
import type { Ipconfig } from '../world/world.ts';

/** What the API let pass may still be refused here, without a word: the NIC then gets no address at all. */
export function parseIpconfig(text: string): Ipconfig {
  const { ip, gw, ip6, gw6 } = parseProperties(text.trim());
  const refused =
    (gw !== undefined && (ip === undefined || ip === 'dhcp')) ||
    (gw6 !== undefined && (ip6 === undefined || ip6 === 'dhcp' || ip6 === 'auto'));
  if (refused) return {};
  if (ip === undefined && ip6 === undefined) return { ip: 'dhcp', ip6: 'dhcp' };
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(gw === undefined ? {} : { gw }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(gw6 === undefined ? {} : { gw6 }),
  };
}

/** @throws where it is no address with its prefix length, such as `manual` */
export function splitIpv4(cidr: string): { address: string; netmask: string } {
  const [address = '', prefix] = cidr.split('/');
  if (prefix === undefined) throw failure(`not a CIDR: ${cidr}`);
  const bits = Number(prefix);
  const octets = [0, 8, 16, 24].map((before) => 256 - 2 ** (8 - Math.min(8, Math.max(0, bits - before))));
  return { address, netmask: octets.join('.') };
}
