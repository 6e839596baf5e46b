// IP addresses as text: what is one, and of which family. No library and no node module: this room is pure.

export type IpFamily = 4 | 6;

/** 4, 6, or undefined where `text` is no IP address (no prefix, no zone). */
export function ipFamily(text: string): IpFamily | undefined {
  if (isIpv4(text)) return 4;
  return isIpv6(text) ? 6 : undefined;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const embedded = last?.includes('.') === true;
  if (embedded && !isIpv4(last)) return false;
  const hex = embedded ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = hex.length + (embedded ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}

export interface IpWithPrefix {
  readonly family: IpFamily;
  readonly address: string;
  readonly prefix: number;
}

/** `192.168.1.5/24` or `2001:db8::5/64`; undefined if it is not an address with a prefix of 8 or more, as PVE wants it. */
export function parseCidr(text: string): IpWithPrefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [, address = '', digits = ''] = match;
  const family = ipFamily(address);
  const prefix = Number(digits);
  if (family === undefined || prefix < 8 || prefix > (family === 4 ? 32 : 128)) return undefined;
  return { family, address, prefix };
}

export function formatCidr(ip: IpWithPrefix): string {
  return `${ip.address}/${ip.prefix}`;
}
