// PVE's named formats with their texts (pve-behaviour 3; texts as in the golden vectors and recordings one-node/30 and 31).
import { isIPv4, isIPv6 } from 'node:net';
import { splitList } from '../world/tags.ts';
import type { Format } from './property.ts';

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const matching =
  (pattern: RegExp, reason: (value: string) => string): Format =>
  (value) =>
    pattern.test(value) ? undefined : reason(value);
const looks = (pattern: RegExp, what: string): Format =>
  matching(pattern, () => `value does not look like a valid ${what}`);

export const vmidFormat = looks(/^[1-9][0-9]{2,8}$/, 'VM ID');
export const nodeFormat = looks(new RegExp(`^${LABEL}$`), 'node name');
export const dnsNameFormat = looks(new RegExp(`^${LABEL}(?:\\.${LABEL})*$`), 'DNS name');
export const configIdFormat = matching(/^[a-z][a-z0-9_-]+$/i, (value) => `invalid configuration ID '${value}'`);
export const bridgeFormat = matching(/^[-_.\w]+$/, (value) => `invalid bridge ID '${value}'`);
export const macFormat = looks(/^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i, 'unicast MAC address');
export const urlencodedFormat = matching(/^[-%a-zA-Z0-9_.!~*'()]*$/, (value) => `invalid urlencoded string: ${value}`);
export const ipv4Format: Format = (value) =>
  isIPv4(value) ? undefined : 'value does not look like a valid IPv4 address';
export const ipv6Format: Format = (value) =>
  isIPv6(value) ? undefined : 'value does not look like a valid IPv6 address';
const MAC_PREFIX = /^[a-f0-9][02468ace](?::[a-f0-9]{2}){0,2}:?$/i;
export const macPrefixFormat = matching(MAC_PREFIX, () => 'value is not a valid unicast MAC address prefix');
export const emailFormat = looks(/^[\w+\-~]+(?:\.[\w+\-~]+)*@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*$/, 'email address');
export const cidrFormat: Format = (value) =>
  isCidr(value, isIPv4, 32) || isCidr(value, isIPv6, 128) ? undefined : 'value does not look like a valid CIDR network';
export const absolutePathFormat = looks(/^\/[^ ]*$/, 'absolute path');
export const haIdFormat = looks(/^(?:(?:vm|ct):)?[1-9][0-9]{2,8}$/, 'ha resource id');
export const diskSizeFormat = matching(/^\d+(?:\.\d+)?[KMGT]?$/, (value) => `invalid size format '${value}'`);

export const storageIdFormat: Format = (value) => {
  if (value.length < 2) return `storage ID '${value}' cannot be shorter than 2 characters`;
  return /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i.test(value) ? undefined : `storage ID '${value}' contains illegal characters`;
};

export const poolFormat: Format = (value) => {
  if (!/^[A-Za-z0-9.\-_/]+$/.test(value)) return `pool name '${value}' contains invalid characters`;
  return value.split('/').length > 3 ? `pool name '${value}' nested too deeply (max levels = 3)` : undefined;
};

const VOLUME = /^[a-z][a-z0-9\-_.]*[a-z0-9]:.+$/i;
export const volumeFormat = matching(VOLUME, (value) => `unable to parse volume ID '${value}'`);
export const driveFileFormat: Format = (value, name) =>
  value === 'none' || value === 'cdrom' || value.startsWith('/') ? undefined : volumeFormat(value, name);
export const sourceFormat: Format = (value, name) => (value.startsWith('/') ? undefined : volumeFormat(value, name));

export const tagFormat = matching(/^[a-z0-9_][a-z0-9_\-+.]*$/i, () => 'invalid characters in tag');

export const addressFormat: Format = (value) =>
  isIPv4(value) || isIPv6(value) || dnsNameFormat(value, '') === undefined
    ? undefined
    : `value does not look like a valid address: ${value}`;

export const ipv4ConfigFormat: Format = (value) =>
  value === 'dhcp' || value === 'manual' || isCidr(value, isIPv4, 32)
    ? undefined
    : 'value does not look like a valid ipv4 network configuration';

export const ipv6ConfigFormat: Format = (value) =>
  value === 'dhcp' || value === 'auto' || value === 'manual' || isCidr(value, isIPv6, 128)
    ? undefined
    : 'value does not look like a valid ipv6 network configuration';

function isCidr(value: string, isAddress: (text: string) => boolean, bits: number): boolean {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(value) ?? [];
  return isAddress(address) && Number(prefix) >= 8 && Number(prefix) <= bits;
}

const HOTPLUG = new Set(['network', 'disk', 'cpu', 'memory', 'usb', 'cloudinit']);
export const hotplugFormat: Format = (value) => {
  if (value === '0' || value === '1') return undefined;
  const bad = splitList(value).find((feature) => !HOTPLUG.has(feature));
  return bad === undefined ? undefined : `invalid hotplug feature '${bad}'`;
};

export const startupFormat: Format = (value) =>
  value.split(',').every((part) => /^(?:(?:order=)?\d+|up=\d+|down=\d+)$/.test(part))
    ? undefined
    : 'unable to parse startup options';

const CONTENT = new Set(['images', 'rootdir', 'vztmpl', 'iso', 'backup', 'snippets', 'import', 'none']);
export const contentFormat: Format = (value) => (CONTENT.has(value) ? undefined : `invalid content type '${value}'`);

export const taskStatusFormat: Format = (value) =>
  /^(?:unknown|error|warning|ok)$/.test(value) ? undefined : `invalid status '${value}'`;
