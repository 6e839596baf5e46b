import { formatProperties, parseProperties, type Properties, restOf } from './property-string.ts';

/** The addresses cloud-init gives a NIC, `ipconfigN` (pve-behaviour 18.3). A NIC without one gets no configuration. */
export interface IpConfig {
  /** `dhcp`, `manual`, or an address with prefix. */
  readonly ip?: string | undefined;
  readonly gw?: string | undefined;
  /** `auto`, `dhcp`, `manual`, or an address with prefix. */
  readonly ip6?: string | undefined;
  readonly gw6?: string | undefined;
  /** Options of a version we do not know, as stored. */
  readonly rest?: Properties | undefined;
}

/**
 * Undefined where PVE could not read it, and for a gateway without an address of its family or beside DHCP: the
 * interface accepts the latter, and the guest then gets no address at all.
 */
export function parseIpConfig(text: string): IpConfig | undefined {
  const properties = parseProperties(text);
  if (properties === undefined) return undefined;
  const { ip, gw, ip6, gw6 } = properties;
  if (gw !== undefined && (ip === undefined || ip === 'dhcp')) return undefined;
  if (gw6 !== undefined && (ip6 === undefined || !ip6.includes(':'))) return undefined;
  return { ip, gw, ip6, gw6, rest: restOf(properties, ['ip', 'gw', 'ip6', 'gw6']) };
}

export function formatIpConfig(config: IpConfig): string {
  const { ip, gw, ip6, gw6, rest } = config;
  return formatProperties({ ...rest, ip, gw, ip6, gw6 });
}
