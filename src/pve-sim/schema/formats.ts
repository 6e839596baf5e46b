// PVE's named formats with their texts (pve-behaviour 3; texts as in the golden vectors and recordings one-node/30 and 31).
import { isIPv4, isIPv6 } from 'node:net';
import { splitList } from '../world/lists.ts';
import type { Check, Format } from './property.ts';

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const format = (name: string, check: Check): Format => ({ name, check });
/** A format of values that fit a pattern. */
export const matching = (name: string, pattern: RegExp, reason: (value: string) => string): Format =>
  format(name, (value) => (pattern.test(value) ? undefined : reason(value)));
const looks = (name: string, pattern: RegExp, what: string): Format =>
  matching(name, pattern, () => `value does not look like a valid ${what}`);

export const vmidFormat = looks('pve-vmid', /^[1-9][0-9]{2,8}$/, 'VM ID');
export const nodeFormat = looks('pve-node', new RegExp(`^${LABEL}$`), 'node name');
export const dnsNameFormat = looks('dns-name', new RegExp(`^${LABEL}(?:\\.${LABEL})*$`), 'DNS name');
export const configIdFormat = matching(
  'pve-configid',
  /^[a-z][a-z0-9_-]+$/i,
  (value) => `invalid configuration ID '${value}'`,
);
export const bridgeFormat = matching('pve-bridge-id', /^[-_.\w]+$/, (value) => `invalid bridge ID '${value}'`);
export const macFormat = looks('mac-addr', /^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i, 'unicast MAC address');
export const macPrefixFormat = matching(
  'mac-prefix',
  /^[a-f0-9][02468ace](?::[a-f0-9]{2}){0,2}:?$/i,
  () => 'value is not a valid unicast MAC address prefix',
);
export const urlencodedFormat = matching(
  'urlencoded',
  /^[-%a-zA-Z0-9_.!~*'()]*$/,
  (value) => `invalid urlencoded string: ${value}`,
);
export const ipv4Format = format('ipv4', (value) =>
  isIPv4(value) ? undefined : 'value does not look like a valid IPv4 address',
);
export const ipv6Format = format('ipv6', (value) =>
  isIPv6(value) ? undefined : 'value does not look like a valid IPv6 address',
);
export const absolutePathFormat = looks('pve-storage-path', /^\/[^ ]*$/, 'absolute path');
export const haIdFormat = looks('pve-ha-resource-or-vm-id', /^(?:(?:vm|ct):)?[1-9][0-9]{2,8}$/, 'ha resource id');
export const haResourceFormat = looks('pve-ha-resource-id', /^(?:vm|ct):[1-9][0-9]{2,8}$/, 'ha resource id');
export const haNodeFormat = matching(
  'pve-ha-node',
  new RegExp(`^${LABEL}(?::\\d+)?$`),
  (value) => `invalid ha node '${value}': value does not look like a valid ha group member`,
);
export const diskSizeFormat = matching(
  'disk-size',
  /^\d+(?:\.\d+)?[KMGT]?$/,
  (value) => `invalid size format '${value}'`,
);

export const storageIdFormat = format('pve-storage-id', (value, _, profile) => {
  if (value.length < 2 && profile.has('shortStorageIdText'))
    return `storage ID '${value}' cannot be shorter than 2 characters`;
  return /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i.test(value) ? undefined : `storage ID '${value}' contains illegal characters`;
});

/** One storage for all, or which one replaces which, or the same as before: `a`, `a:b`, `1`. */
export const storagePairFormat = format('storage-pair', (value, name, profile) => {
  if (value === '1') return undefined;
  const ids = /^[^:]+:[^:]+$/.test(value) ? value.split(':') : [value];
  const reason = ids.map((id) => storageIdFormat.check(id, name, profile)).find((text) => text !== undefined);
  return reason === undefined ? undefined : `entry '${value}' contains invalid ID - ${reason}\n\n`;
});

const POOL = '[A-Za-z0-9.\\-_]+';
const NESTED_POOL = new RegExp(`^${POOL}(?:/${POOL}){0,2}$`);
const PLAIN_POOL = new RegExp(`^${POOL}$`);
export const poolFormat = format('pve-poolid', (value, _, profile) => {
  const nested = profile.has('nestedPools');
  if (nested && value.replace(/\/+$/, '').split('/').length > 3)
    return `pool name '${value}' nested too deeply (max levels = 3)`;
  return (nested ? NESTED_POOL : PLAIN_POOL).test(value)
    ? undefined
    : `pool name '${value}' contains invalid characters`;
});

const isVolume = (value: string): boolean => /^[a-z][a-z0-9\-_.]*[a-z0-9]:.+$/i.test(value);
const noVolume = (value: string): string => `unable to parse volume ID '${value}'`;
const volumeOr = (name: string, passes: (value: string) => boolean): Format =>
  format(name, (value) => (isVolume(value) || passes(value) ? undefined : noVolume(value)));
export const volumeFormat = volumeOr('pve-volume-id', () => false);
export const driveFileFormat = volumeOr(
  'pve-volume-id-or-qm-path',
  (value) => value === 'none' || value === 'cdrom' || value.startsWith('/'),
);
export const sourceFormat = volumeOr('pve-volume-id-or-absolute-path', (value) => value.startsWith('/'));

export const tagFormat = matching('pve-tag', /^[a-z0-9_][a-z0-9_\-+.]*$/i, () => 'invalid characters in tag');

const isDnsName = (value: string): boolean => new RegExp(`^${LABEL}(?:\\.${LABEL})*$`).test(value);
export const addressFormat = format('address', (value) =>
  isIPv4(value) || isIPv6(value) || isDnsName(value) ? undefined : `value does not look like a valid address: ${value}`,
);

export const cidrFormat = format('CIDR', (value) =>
  isCidr(value, isIPv4, 32) || isCidr(value, isIPv6, 128) ? undefined : 'value does not look like a valid CIDR network',
);

export const ipv4ConfigFormat = format('pve-ipv4-config', (value) =>
  value === 'dhcp' || value === 'manual' || isCidr(value, isIPv4, 32)
    ? undefined
    : 'value does not look like a valid ipv4 network configuration',
);

export const ipv6ConfigFormat = format('pve-ipv6-config', (value) =>
  value === 'dhcp' || value === 'auto' || value === 'manual' || isCidr(value, isIPv6, 128)
    ? undefined
    : 'value does not look like a valid ipv6 network configuration',
);

function isCidr(value: string, isAddress: (text: string) => boolean, bits: number): boolean {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(value) ?? [];
  return isAddress(address) && Number(prefix) >= 8 && Number(prefix) <= bits;
}

const HOTPLUG = ['network', 'disk', 'cpu', 'memory', 'usb'];
export const hotplugFormat = format('pve-hotplug-features', (value, _, profile) => {
  if (value === '0' || value === '1') return undefined;
  const known = profile.has('cloudinitCalls') ? [...HOTPLUG, 'cloudinit'] : HOTPLUG;
  const bad = splitList(value).find((feature) => !known.includes(feature));
  return bad === undefined ? undefined : `invalid hotplug feature '${bad}'`;
});

export const startupFormat = format('pve-startup-order', (value) =>
  value.split(',').every((part) => /^(?:(?:order=)?\d+|up=\d+|down=\d+)$/.test(part))
    ? undefined
    : 'unable to parse startup options',
);

const CONTENT = ['images', 'rootdir', 'vztmpl', 'iso', 'backup', 'snippets', 'none'];
export const contentFormat = format('pve-storage-content', (value, _, profile) =>
  CONTENT.includes(value) || (value === 'import' && profile.has('importContent'))
    ? undefined
    : `invalid content type '${value}'`,
);

export const taskStatusFormat = format('pve-task-status-type', (value) =>
  /^(?:unknown|error|warning|ok)$/.test(value) ? undefined : `invalid status '${value}'`,
);
