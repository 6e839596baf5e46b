import { formatCidr, ipFamily, type IpWithPrefix } from '#domain/ip';
import type { NicSpec } from '#domain/vm-spec';
import { isCloudInitDrive } from '#pve/codec/drive';
import { formatIpConfig, type IpConfig, parseIpConfig } from '#pve/codec/ipconfig';
import { formatSlot, slotsOf } from '#pve/codec/slot';
import { formatSshKeys, parseSshKeys } from '#pve/codec/sshkeys';
import { bootStorage, type DriveAt } from '../drives.ts';
import type { PlannedNic } from '../nics.ts';
import type { Have, Wish } from '../wish.ts';
import { seedSlot } from './seed-drives.ts';

type Options = Readonly<Record<string, string | undefined>>;

/** `ciupgrade`, whose default makes the first boot upgrade all packages, exists since 8.0. */
const CIUPGRADE_SINCE = 8;

export interface NativeParts {
  readonly nics: readonly PlannedNic[];
  /** Every seed that is there now. */
  readonly seeds: readonly DriveAt[];
  /** For the guest's own user; none leaves those of the template. */
  readonly sshKeys: readonly string[];
}

/**
 * PVE's drive and fields. Without a drive in the template one is added only for what cannot be told otherwise, a
 * static address, a name server or a key: an image without cloud-init has no use for it.
 */
export function nativeOptions(wish: Wish, have: Have, { nics, seeds, sshKeys }: NativeParts): Options {
  const own = seeds.find((at) => isCloudInitDrive(at.drive));
  const stale = Object.fromEntries(seeds.filter((at) => at !== own).map((at) => [at.slot, undefined]));
  const hasDocuments = wish.spec.userData !== undefined || wish.spec.metaData !== undefined;
  const hasAddress = nics.some(({ spec }) => spec !== undefined && (spec.addresses.length > 0 || spec.dns.length > 0));
  // A clone whose source had an ISO of ours needs a seed of its own: without one its guest goes on as the source.
  const isReseeded = wish.spec.clone !== undefined && seeds.length > 0;
  if (own === undefined && !hasAddress && !hasDocuments && !isReseeded) return stale;
  const storage = bootStorage(have.values);
  const added = own === undefined ? { [seedSlot(wish, have, seeds)]: `${storage ?? 'local'}:cloudinit` } : {};
  const upgrade = wish.site.version.major >= CIUPGRADE_SINCE ? { ciupgrade: '0' } : {};
  const keys = sshKeys.length === 0 ? {} : { sshkeys: formatSshKeys(sshKeys) };
  return { ...stale, ...added, ...upgrade, ...keys, ...addressOptions(wish, have, nics), ...nameServers(nics) };
}

/** What the request says of a VM in use that has PVE's drive; the rest stays. */
export function changedOptions(have: Have, nics: readonly PlannedNic[], sshKeys: readonly string[]): Options {
  const named = nics.flatMap(({ index, spec }) => (spec === undefined ? [] : [{ index, spec }]));
  const addresses = named.map(({ index, spec }) => {
    const key = formatSlot({ kind: 'ipconfig', index });
    return [key, changedIpConfig(have.values[key], spec)] as const;
  });
  return { ...Object.fromEntries(addresses), ...otherNameServers(have, nics), ...moreKeys(have, sshKeys) };
}

/** A family that is not named, and a gateway, are perhaps somebody's own. */
function changedIpConfig(stored: string | undefined, spec: NicSpec): string {
  if (spec.addresses.length === 0) return stored ?? 'ip=dhcp';
  const present = parseIpConfig(stored ?? '') ?? {};
  const said = said4And6(spec);
  const v4 = said.ip === undefined ? {} : { ip: said.ip, gw: said.gw ?? present.gw };
  const v6 = said.ip6 === undefined ? {} : { ip6: said.ip6, gw6: said.gw6 ?? present.gw6 };
  const next = { ...present, ...v4, ...v6 };
  return isSameIpConfig(present, next) && stored !== undefined ? stored : formatIpConfig(next);
}

function isSameIpConfig(one: IpConfig, other: IpConfig): boolean {
  return formatIpConfig(one) === formatIpConfig(other);
}

function otherNameServers({ values }: Have, nics: readonly PlannedNic[]): Options {
  const { nameserver } = nameServers(nics);
  const present = values['nameserver']?.split(/[\s,;]+/).join(' ');
  return nameserver === undefined || nameserver === present ? {} : { nameserver };
}

/** Keys that somebody has added stay, as tags do. */
function moreKeys({ values }: Have, sshKeys: readonly string[]): Options {
  const present = parseSshKeys(values['sshkeys'] ?? '') ?? [];
  const missing = sshKeys.filter((key) => !present.includes(key.trim()));
  return missing.length === 0 ? {} : { sshkeys: formatSshKeys([...present, ...missing]) };
}

/** A NIC without `ipconfigN` gets no configuration at all, so DHCP is said too (pve-behaviour 18.3). */
function addressOptions({ spec: { clone } }: Wish, have: Have, nics: readonly PlannedNic[]): Options {
  const wanted = nics.map(({ index, spec }) => {
    const key = formatSlot({ kind: 'ipconfig', index });
    const present = have.values[key];
    const kept = present === undefined || (clone !== undefined && isStatic(present)) ? 'ip=dhcp' : present;
    return [key, spec === undefined ? kept : ipConfig(spec)] as const;
  });
  const kept = new Set(wanted.map(([key]) => key));
  const surplus = slotsOf(have.values, 'ipconfig').filter(({ key }) => !kept.has(key));
  return { ...Object.fromEntries(surplus.map(({ key }) => [key, undefined])), ...Object.fromEntries(wanted) };
}

/** Whether it gives the NIC an address that no other guest may have. */
export function isStatic(ipConfigValue: string): boolean {
  return /(?:^|,)ip6?=[0-9a-f]*[.:]/i.test(ipConfigValue);
}

function ipConfig(spec: NicSpec): string {
  return spec.addresses.length === 0 ? 'ip=dhcp' : formatIpConfig(said4And6(spec));
}

function said4And6({ addresses, gateways }: NicSpec): IpConfig {
  const address = (family: 4 | 6): string | undefined => {
    const found: IpWithPrefix | undefined = addresses.find((ip) => ip.family === family);
    return found === undefined ? undefined : formatCidr(found);
  };
  const gateway = (family: 4 | 6): string | undefined => gateways.find((ip) => ipFamily(ip) === family);
  return { ip: address(4), gw: gateway(4), ip6: address(6), gw6: gateway(6) };
}

/** One list for the whole VM; blanks between, since PVE's generated documents split on them only (pve-behaviour 27.9). */
function nameServers(nics: readonly PlannedNic[]): Options {
  const servers = [...new Set(nics.flatMap(({ spec }) => spec?.dns ?? []))];
  return servers.length === 0 ? {} : { nameserver: servers.join(' ') };
}
